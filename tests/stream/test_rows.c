/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every situation of TCP in a capture, as a row: segments, and what a reader sees (script.h). */
#include "run_tests.h"
#include "script.h"

#include <string.h>

typedef struct row {
    const char *name, *text, *log;
} row;

static const row rows[] = {
    {"opening, bytes, closing", "cS0 sSA0/1 c1/1 c1/1'hello' s1/6'world' c6/6 cF6/6 sF6/7 c7/7 !",
     "4:c0\"hello\" 5:s0\"world\" ="},
    {"offset 0 without a SYN has room below", "c1/1'cd' c-1/1'ab' !",
     "1:c^m0\"cd\" 2:c^m-2\"ab\" ="},
    {"a SYN that comes late", "c1/1'ab' cS0 c3'cd' !", "1:c^m0\"ab\" 3:cm2\"cd\" ="},
    {"a SYN that comes late, and a hole after it", "c5/1'ef' cS0 c1'abcd' !",
     "1:c^m0\"ef\" 2:open cm-4+4 3:fill cm-4+4 3:cm-4\"abcd\" ="},
    {"the SYN/ACK tells where the other side began", "sSA0/1 c3/1'cd' c1/1'ab' !",
     "2:open c0+2 3:fill c0+2 3:c0\"abcd\" ="},
    {"a pure ACK tells where its sender stands", "c1/1 c1/1'ab' c3/1'cd' !",
     "2:c^m0\"ab\" 3:cm2\"cd\" ="},
    {"a start with a keep-alive", "c0/1 s1/1 c1/1'ab' s1/3 !", "3:c^m1\"ab\" ="},
    {"a start with a keep-alive that has a byte", "s1/1 c0/1'x' c1/1'ab' !", "3:c^m0\"ab\" ="},
    {"a start with a keep-alive and its answer", "c0/1 s1/1 s1/1 !", "="},
    {"two empty segments at the start may stand apart", "c1/1 c9/1'ab' !",
     "2:open cm0+8 2:gone(end) cm0+8 2:c|m8\"ab\" = cm0 hole8"},
    {"known by the peer's ACK, then data beyond it: no hole", "s1/1 c9/1'ab' !", "2:c^m8\"ab\" ="},
    {"known by the peer's ACK, which moved on: a hole", "s1/1 s1/5 c9/1'ab' !",
     "2:open cm0+4 3:open+ cm4+4 3:gone(end) cm0+4 3:gone(end) cm4+4 3:c|m8\"ab\" = cm0 "
     "hole8"},
    {"simultaneous open", "cS0 sS0 cSA0/1 sSA0/1 c1/1'ab' s1/3'cd' !", "5:c0\"ab\" 6:s0\"cd\" ="},
    {"the SYN again", "cS0 cS0 sSA0/1 sSA0/1 c1/1'ab' cS0 !", "5:c0\"ab\" ="},
    {"SYN with data", "cS0'ab' sSA0/3 c3/1'cd' !", "1:c0\"ab\" 3:c2\"cd\" ="},
    {"SYN with data that is not accepted", "cS0'ab' sSA0/1 c1/1'abcd' !",
     "1:c0\"ab\" 3:c2\"cd\" ="},
    {"bytes before the SYN's first are none", "cS0 sSA0/1 c-5/1'zzzzzzabc' !", "3:c0\"abc\" ="},
    {"reordered", "cS0 c1'ab' c5'ef' c3'cd' !",
     "2:c0\"ab\" 3:open c2+2 4:fill c2+2 4:c2\"cdef\" ="},
    {"reordered in the other order", "cS0 c7'gh' c5'ef' c3'cd' c1'ab' !",
     "2:open c0+6 3:fill c4+2 4:fill c2+2 5:fill c0+2 5:c0\"abcdefgh\" ="},
    {"lost after the capture, sent again", "cS0 c1'ab' c3'cd' c3'cd' c5'ef' !",
     "2:c0\"ab\" 3:c2\"cd\" 5:c4\"ef\" ="},
    {"sent again with other bounds", "cS0 c1'ab' c3'cd' c2'bcde' c6'f' !",
     "2:c0\"ab\" 3:c2\"cd\" 4:c4\"e\" 5:c5\"f\" ="},
    {"sent again before it was read whole", "cS0 c3'cd' c3'cd' c1'ab' !",
     "2:open c0+2 4:fill c0+2 4:c0\"abcd\" ="},
    {"overlap with other bytes: the first win", "cS0 c3'cd' c1'abXdef' !",
     "2:open c0+2 3:fill c0+2 3:differs c2+1 3:c0\"abcdef\" ="},
    {"overlap differs in several places", "cS0 c3'cdef' c1'abXdeY' !",
     "2:open c0+2 3:fill c0+2 3:differs c2+4 3:c0\"abcdef\" ="},
    {"overlap after consuming is not checked", "cS0 c1'ab' c1'XY' !", "2:c0\"ab\" ="},
    {"several holes by one segment", "cS0 c3'c' c5'e' c7'g' c1'abcdefgh' !",
     "2:open c0+2 3:open c3+1 4:open c5+1 5:fill c0+2 5:fill c3+1 5:fill c5+1 "
     "5:c0\"abcdefgh\" ="},
    {"a hole filled from its middle", "cS0 c1'a' c7'g' c4'd' c2'bc' c5'ef' !",
     "2:c0\"a\" 3:open c1+5 4:fill c3+1 5:fill c1+2 5:c1\"bcd\" 6:fill c4+2 6:c4\"efg\" ="},
    {"given up: ACK and packets", "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 s1/7@0*31 s1/7@0 !",
     "3:c0\"ab\" 4:open c2+2 37:gone(ack) c2+2 37:c|4\"ef\" = c2 hole2"},
    {"not given up one packet before", "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 s1/7@0*31",
     "3:c0\"ab\" 4:open c2+2 = c?4\"ef\" c2 hole2?"},
    {"filled by the packet with which the grace ends",
     "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 s1/7@0*31 c3/1'cd'",
     "3:c0\"ab\" 4:open c2+2 37:fill c2+2 37:c2\"cdef\" ="},
    {"given up: ACK and 200 ms", "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 c7/1'gh'@199 c9/1'ij'",
     "3:c0\"ab\" 4:open c2+2 7:gone(ack) c2+2 7:c|4\"efghij\" = c2 hole2"},
    {"the ACK must pass the hole's end", "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/4 s1/4*40",
     "3:c0\"ab\" 4:open c2+2 = c?4\"ef\" c2 hole2?"},
    {"an ACK in the capture before its data", "cS0 sSA0/1 s1/5 c1/1'abcd' !",
     "3:open c0+4 4:fill c0+4 4:c0\"abcd\" ="},
    {"an ACK before the middle of its data", "cS0 sSA0/1 s1/5 c3/1'cd' c1/1'ab' !",
     "3:open c0+4 4:fill c2+2 5:fill c0+2 5:c0\"abcd\" ="},
    {"an ACK of bytes that never come: a tail hole", "cS0 sSA0/1 c1/1'ab' s1/9 s1/9@300 !",
     "3:c0\"ab\" 4:open c2+6 5:gone(ack) c2+6 tail = c2 hole6"},
    {"acknowledged on and on: silent",
     "cS0 sSA0/1 c1/1'ab' s1/9 s1/9@300 s1/19 s1/29 s1/29@300 c29/1'zz' s1/40 s1/40@300 "
     "s1/50 !",
     "3:c0\"ab\" 4:open c2+6 5:gone(ack) c2+6 tail 6:open+ c8+10 6:silent c2 7:open+ "
     "c18+10 8:gone(ack) c8+10 tail 8:gone(ack) c18+10 tail 9:c|28\"zz\" 10:open c30+9 "
     "11:gone(ack) c30+9 tail 12:open+ c39+10 12:silent c30 12:gone(end) c39+10 tail = c2 "
     "hole26 c30 hole19"},
    {"one-sided, no ACKs: one second", "cS0 c1'ab' c5'ef' c7'gh'@999 c9'ij'",
     "2:c0\"ab\" 3:open c2+2 5:gone(silent) c2+2 5:c|4\"efghij\" = c2 hole2"},
    {"one-sided: not before", "cS0 c1'ab' c5'ef' c7'gh'@998 c9'ij'",
     "2:c0\"ab\" 3:open c2+2 = c?4\"efghij\" c2 hole2?"},
    {"a peer that sends, without ACK of the hole: no second",
     "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/3 c7/1'gh'@2000",
     "3:c0\"ab\" 4:open c2+2 = c?4\"efgh\" c2 hole2?"},
    {"only the ACKs' side was captured", "s1/1'ab' s3/9'cd' s5/19'ef' s7/19'gh'@300 s9/29'ij' !",
     "1:s^m0\"ab\" 2:open cm0+8 2:sm2\"cd\" 3:open+ cm8+10 3:sm4\"ef\" 4:gone(ack) cm0+8 "
     "tail 4:silent cm0 4:gone(ack) cm8+10 tail 4:sm6\"gh\" 5:open+ cm18+10 5:sm8\"ij\" "
     "5:gone(end) cm18+10 tail = cm0 hole28"},
    {"at the sender's FIN, with the grace", "cS0 sSA0/1 c1/1'ab' c5/1'ef' cF7/1 s1/3 s1/3@200",
     "3:c0\"ab\" 4:open c2+2 7:gone(fin) c2+2 7:c|4\"ef\" = c2 hole2"},
    {"a FIN beyond the end", "cS0 sSA0/1 c1/1'ab' cF9/1 s1/3@200 !",
     "3:c0\"ab\" 4:open c2+6 5:gone(fin) c2+6 tail = c2 hole6"},
    {"at the sender's RST, with the grace", "cS0 sSA0/1 c1/1'ab' c5/1'ef' cR7/1 s1/3@200 !",
     "3:c0\"ab\" 4:open c2+2 6:gone(rst) c2+2 6:c|4\"ef\" = c2 hole2"},
    {"an RST beyond the end", "cS0 sSA0/1 c1/1'ab' cR9/1 !",
     "3:c0\"ab\" 4:open c2+6 4:gone(end) c2+6 tail = c2 hole6"},
    {"late segments after FIN", "cS0 sSA0/1 c1/1'ab' c5/1'ef' cF7/1 c3/1'cd' !",
     "3:c0\"ab\" 4:open c2+2 6:fill c2+2 6:c2\"cdef\" ="},
    {"data after RST, in order", "cS0 sSA0/1 c1/1'ab' cR3/1 c3/1'cd' !", "3:c0\"ab\" 5:c2\"cd\" ="},
    {"data after RST, beyond a hole", "cS0 sSA0/1 c1/1'ab' sR1/3 c9/1'cd' !",
     "3:c0\"ab\" 5:held 5:odd c+2 ="},
    {"the ACK of a FIN that comes later", "cS0 sSA0/1 c1/1'ab' s1/4 cF3/1 s1/4 !",
     "3:c0\"ab\" 4:open c2+1 5:fill c2+1 fin? ="},
    {"the ACK of data and FIN that come later", "cS0 sSA0/1 c1/1'ab' s1/6 cF3/1'cd' !",
     "3:c0\"ab\" 4:open c2+3 5:fill c2+2 5:fill c4+1 fin? 5:c2\"cd\" ="},
    {"a FIN that was not captured", "cS0 sSA0/1 c1/1'ab' s1/4 s1/4@300 !",
     "3:c0\"ab\" 4:open c2+1 5:gone(ack) c2+1 tail fin? = c2 hole1"},
    {"one byte acknowledged, and more: it was none", "cS0 sSA0/1 c1/1'ab' s1/4 s1/4@300 c4/1'd' !",
     "3:c0\"ab\" 4:open c2+1 5:gone(ack) c2+1 tail fin? 6:c|3\"d\" = c2 hole1"},
    {"the ACK of a FIN that comes very late", "cS0 sSA0/1 c1/1'ab' s1/4 s1/4@300 cF3/1 !",
     "3:c0\"ab\" 4:open c2+1 5:gone(ack) c2+1 tail fin? 6:fill c2+1 fin? ="},
    {"FIN again", "cS0 sSA0/1 c1/1'ab' cF3/1 cF3/1 s1/4 cF3/1 !", "3:c0\"ab\" ="},
    {"FIN with data, in order", "cS0 sSA0/1 cF1/1'ab' s1/4 !", "3:c0\"ab\" ="},
    {"keep-alive without a byte", "cS0 sSA0/1 c1/1'ab' s1/3 c2/1 s1/3 c3/1'cd' !",
     "3:c0\"ab\" 7:c2\"cd\" ="},
    {"keep-alive with a byte", "cS0 sSA0/1 c1/1'ab' s1/3 c2/1'x' s1/3 c3/1'cd' !",
     "3:c0\"ab\" 7:c2\"cd\" ="},
    {"keep-alive before any byte", "cS0 sSA0/1 c1/1 c0/1'x' s1/1 c1/1'ab' !", "6:c0\"ab\" ="},
    {"keep-alive where the byte was lost", "cS0 sSA0/1 c1/1'ab' s1/9 s1/9@300 c8/1'x' s1/9 !",
     "3:c0\"ab\" 4:open c2+6 5:gone(ack) c2+6 tail = c2 hole6"},
    {"keep-alive in a grace that is over", "cS0 sSA0/1 c1/1'ab' s1/9 c8/1'x'@300 !",
     "3:c0\"ab\" 4:open c2+6 5:gone(ack) c2+6 tail = c2 hole6"},
    {"one byte whose ACK came first is no keep-alive", "cS0 sSA0/1 c1/1'ab' s1/4 c3/1'c' !",
     "3:c0\"ab\" 4:open c2+1 5:fill c2+1 5:c2\"c\" ="},
    {"zero-window probe", "cS0 sSA0/1 c1/1'ab' s1/3 c3/1'c' s1/3 c3/1'c' s1/4 c3/1'cd' !",
     "3:c0\"ab\" 5:c2\"c\" 9:c3\"d\" ="},
    {"late bytes", "cS0 sSA0/1 c1/1'ab' c7/1'gh' s1/9 s1/9@300 c4/1'd' c3/1'cde' !",
     "3:c0\"ab\" 4:open c2+4 6:gone(ack) c2+4 6:c|6\"gh\" 7:late c3+1 7:c|3\"d\" 8:late "
     "c2+1 8:late c4+1 8:c2\"c\" 8:c4\"e\" = c5 hole1"},
    {"late bytes that fill what is left", "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 s1/7@300 c3/1'cd' !",
     "3:c0\"ab\" 4:open c2+2 6:gone(ack) c2+2 6:c|4\"ef\" 7:late c2+2 7:c2\"cd\" ="},
    {"cut by the snaplen", "cS0 c1'abcdef'^2 c7'gh' !", "2:c0\"ab\" 3:c~6\"gh\" = c2 cut4"},
    {"nothing but headers", "cS0 c1#100^0 c101#100^0 !", "= c0 cut100 c100 cut100"},
    {"cut, then sent again in whole", "cS0 c1'abcdef'^2 c1'abcdef' !", "2:c0\"ab\" 3:c2\"cdef\" ="},
    {"cut, then again cut elsewhere", "cS0 c1'abcdef'^2 c3'cdef'^2 c5'ef'^1 !",
     "2:c0\"ab\" 3:c2\"cd\" 4:c4\"e\" = c5 cut1"},
    {"in whole, then cut", "cS0 c1'abcd' c1'abcd'^1 !", "2:c0\"abcd\" ="},
    {"a hole filled by cut bytes", "cS0 c1'ab' c7'gh' c3'cdef'^2 !",
     "2:c0\"ab\" 3:open c2+4 4:fill c2+2 4:fill c4+2 4:c2\"cd\" 4:c~6\"gh\" = c4 cut2"},
    {"port reuse with SYN",
     "cS0 sSA0/1 c1/1'ab' cF3/1 sF1/4 c4/2 cS90000 sSA70000/90001 c90001/70001'AB' "
     "s70001/90003'CD' !",
     "3:c0\"ab\" 7:restart c 9:c0\"AB\" 10:s0\"CD\" ="},
    {"port reuse with SYN before the end, bytes waiting", "cS0 c1'ab' c5'ef' cS90000 c90001'AB' !",
     "2:c0\"ab\" 3:open c2+2 4:gone(end) c2+2 4:restart c 4:c|4\"ef\" 5:c0\"AB\" ="},
    {"the SYN of the reuse was missed, its answer not",
     "cS0 sSA0/1 c1/1'ab' sSA70000/90001 c90001/70001'AB' !",
     "3:c0\"ab\" 4:restart s 5:c0\"AB\" ="},
    {"both were missed",
     "cS0 sSA0/1 c1/1'ab' s1/3'cd' c90000000/70000000'AB' s70000000/90000002'CD' !",
     "3:c0\"ab\" 4:s0\"cd\" 5:held 6:restart s 6:c^m0\"AB\" 6:s^m0\"CD\" ="},
    {"both were missed, one-sided", "cS0 c1'ab' c-90000000'AB' c-89999998'CD' !",
     "2:c0\"ab\" 3:held 4:restart c 4:c^m0\"ABCD\" ="},
    {"both were missed, after FIN, close by", "cS0 c1'ab' cF3 c9000'AB' c9002'CD' !",
     "2:c0\"ab\" 4:held 5:restart c 5:c^m0\"ABCD\" ="},
    {"reordered with the reuse's SYN", "cS0 c1'ab' cF3 c90000001'AB' cS90000000 c90000003'CD' !",
     "2:c0\"ab\" 4:held 5:restart c 5:c0\"AB\" 6:c2\"CD\" ="},
    {"one bogus segment ahead", "cS0 sSA0/1 c1/1'ab' c90000000/1'XX' c3/1'cd' s1/5 s1/5*31 !",
     "3:c0\"ab\" 4:held 5:c2\"cd\" 4:odd c+2 ="},
    {"one bogus segment back", "cS0 sSA0/1 c1/1'ab' c-90000000/1'XX' c3/1'cd' !",
     "3:c0\"ab\" 4:held 5:c2\"cd\" 4:odd c+2 ="},
    {"one bogus ACK", "cS0 sSA0/1 c1/1'ab' s1/90000000'XX' s1/3'cd' !",
     "3:c0\"ab\" 4:held 5:s0\"cd\" 4:odd s+2 ="},
    {"the same bogus segment twice",
     "cS0 sSA0/1 c1/1'ab' c90000000/1'XX' c90000000/1'XX' c3/1'cd' !",
     "3:c0\"ab\" 4:held 5:held 6:c2\"cd\" 4:odd c+2 5:odd c+2 ="},
    {"bogus RST", "cS0 sSA0/1 c1/1'ab' cR90000000 c3/1'cd' !", "3:c0\"ab\" 4:odd c+0 5:c2\"cd\" ="},
    {"more bogus segments than are held",
     "cS0 c1'ab' c90000000'A' c-90000000'B' c180000000'C' c-180000000'D' c270000000'E' "
     "c3'cd' !",
     "2:c0\"ab\" 3:held 4:held 5:held 6:held 3:odd c+1 7:held 8:c2\"cd\" 4:odd c+1 5:odd "
     "c+1 6:odd c+1 7:odd c+1 ="},
    {"a long loss", "cS0 sSA0/1 c1/1'ab' c90000000/1'YY' c90000002/1'ZZ' !",
     "3:c0\"ab\" 4:held 4:open c2+89999997 5:gone(end) c2+89999997 5:c|89999999\"YYZZ\" = "
     "c2 hole89999997"},
    {"a long loss, the answer confirms it", "cS0 sSA0/1 c1/1'ab' c90000000/1'YY' s1/90000002 !",
     "3:c0\"ab\" 4:held 4:open c2+89999997 5:gone(end) c2+89999997 5:c|89999999\"YY\" = "
     "c2 hole89999997"},
    {"a long loss of what was acknowledged", "cS0 sSA0/1 c1/1'ab' s1/90000000 s1/90000001'cd' !",
     "3:c0\"ab\" 4:held 4:open c2+89999997 5:open+ c89999999+1 5:s0\"cd\" 5:gone(end) "
     "c2+89999997 tail 5:gone(end) c89999999+1 tail = c2 hole89999998"},
    {"a clock that steps back", "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 s1/7@-5000 s1/7@199 s1/7@1",
     "3:c0\"ab\" 4:open c2+2 8:gone(ack) c2+2 8:c|4\"ef\" = c2 hole2"},
    {"a clock that steps a little back",
     "cS0 sSA0/1 c1/1'ab' c5/1'ef' s1/7 s1/7@-500 s1/7@500 s1/7@199 s1/7@1",
     "3:c0\"ab\" 4:open c2+2 9:gone(ack) c2+2 9:c|4\"ef\" = c2 hole2"},
    {"a challenge ACK after a crash",
     "cS0 sSA0/1 c1/1'ab' cS90000000 s1/3 cS90000000 sSA70000000/90000001 "
     "c90000001/70000001'AB' !",
     "3:c0\"ab\" 4:restart c 5:held 8:c0\"AB\" 5:odd s+0 ="},
    {"an answer to a SYN sent again", "cS0 cS0 sSA0/1 sSA0/1 s1/1'ab' !", "5:s0\"ab\" ="},
    {"a SYN/ACK of another server", "cS0 s-9000/1 sSA0/1 s1/1'ab' !", "4:s0\"ab\" ="},
    {"a SYN/ACK that acknowledges another SYN", "c1/1'ab' sSA0/90000001 c90000001/1'AB' !",
     "1:c^m0\"ab\" 2:restart s 3:c0\"AB\" ="},
    {"reset by a retransmission of the SYN with another number",
     "cS0 cS90000000 sSA0/90000001 c90000001/1'AB' !", "2:restart c 4:c0\"AB\" ="},
    {"refused, then opened again", "cS0 sRA-5000/1 cS0 sSA0/1 c1/1'ab' s1/3'cd' !",
     "5:c0\"ab\" 6:s0\"cd\" ="},
    {"an old segment between SYN and SYN/ACK", "cS0 s90000000'XX' sSA0/1 s1/1'cd' !",
     "2:s^m0\"XX\" 3:restart s 4:s0\"cd\" ="},
    {"an end without any byte", "cS0 sSA0/1 cF1/1 sF1/2 c2/2 !", "="},
    {"a hole before the first byte", "cS0 sSA0/1 c5/1'ef' s1/7 s1/7@300 !",
     "3:open c0+4 5:gone(ack) c0+4 5:c|4\"ef\" = c0 hole4"},
};

/* The same, whatever the numbers of the SYNs are: also across the wrap. */
static const uint32_t initial[][2] = {
    {1000, 5000}, {0xffffffff, 0xfffffffe}, {0xfffffffc, 0x7ffffffe}, {0x7fffffff, 0}};

START_TEST(each_row)
{
    char log[SCRIPT_LOG_MAX];
    const row *r = &rows[_i];
    for (size_t i = 0; i < sizeof initial / sizeof initial[0]; i++) {
        const script how = {.isn = {initial[i][0], initial[i][1]}};
        script_run(&how, r->text, log);
        ck_assert_msg(strcmp(log, r->log) == 0, "%s (%zu):\n%s\nnot\n%s", r->name, i, log, r->log);
    }
}
END_TEST

/* Rows with small limits, or another reader. */
typedef struct limited_row {
    script how;
    uint64_t max_waiting;
    uint32_t max_holes;
    size_t max_memory;
    const char *name, *text, *log;
} limited_row;

static const limited_row limited_rows[] = {
    {.max_waiting = 1000,
     .name = "a megabyte waits after a hole",
     .text = "cS0 c1'ab' c5#500 c505#499 c1004#1 c1005'z'",
     .log = "2:c0\"ab\" 3:open c2+2 5:gone(waiting) c2+2 5:c|4\"...1000\" 6:c1004\"z\" = c2 hole2"},
    {.max_waiting = 1000,
     .name = "bytes after the second hole count for both",
     .text = "cS0 c3#10 c14#989 c1003#1 c1004#10 !",
     .log = "2:open c0+2 3:open c12+1 4:gone(waiting) c0+2 4:c|2\"xxxxxxxxxx\" 5:gone(waiting) "
            "c12+1 5:c|13\"...1000\" = c0 hole2 c12 hole1"},
    {.max_holes = 2,
     .name = "more holes than may wait",
     .text = "cS0 c2'b' c4'd' c6'f' c8'h' c1'a' c3'c' !",
     .log = "2:open c0+1 3:open c2+1 4:open c4+1 4:gone(limit) c0+1 4:c|1\"b\" 5:open c6+1 "
            "5:gone(limit) c2+1 5:c|3\"d\" 6:late c0+1 6:c0\"a\" 7:late c2+1 7:c2\"c\" "
            "7:gone(end) c4+1 7:gone(end) c6+1 7:c|5\"f\" 7:c|7\"h\" = c4 hole1 c6 hole1"},
    {.max_holes = 2,
     .name = "more given up than are remembered",
     .text = "cS0 c2'b' c4'd' c6'f' c8'h' c10'j' c12'l' c1'a' c3'c' c5'e' !",
     .log = "2:open c0+1 3:open c2+1 4:open c4+1 4:gone(limit) c0+1 4:c|1\"b\" 5:open c6+1 "
            "5:gone(limit) c2+1 5:c|3\"d\" 6:open c8+1 6:gone(limit) c4+1 6:c|5\"f\" 7:open "
            "c10+1 7:gone(limit) c6+1 7:c|7\"h\" 10:late c4+1 10:c4\"e\" 10:gone(end) c8+1 "
            "10:gone(end) c10+1 10:c|9\"j\" 10:c|11\"l\" = c8 hole1 c10 hole1"},
    {.max_memory = 2000,
     .name = "more than may be kept",
     .text = "cS0 c3#1500 c1503#700 c1'ab' c2203'z' !",
     .log = "2:open c0+2 3:drop c1502+700 3:gone(limit) c0+2 4:late c0+2 4:c0\"...1502\" "
            "5:c~2202\"z\" = c1502 cut700"},
    {.how = {.forgetful = true},
     .name = "nobody keeps",
     .text = "cS0 c3'cd' c5'ef' c1'ab' !",
     .log = "2:open c0+2 2:drop c2+2 3:c~4\"ef\" 4:fill c0+2 4:c0\"ab\" = c2 cut2"},
    {.how = {.lazy = true},
     .name = "nobody reads",
     .text = "cS0 c1'ab' c5'ef' c3'cd'^1 c1'aX' !",
     .log = "3:open c2+2 4:fill c2+1 4:fill c3+1 5:differs c1+1 = c0\"abc\" c~4\"ef\" c3 cut1"},
    {.max_waiting = 1000,
     .how = {.lazy = true},
     .name = "bytes before a hole do not wait for it",
     .text = "cS0 c1#600 c602#999 c1601#1",
     .log = "3:open c600+1 4:gone(waiting) c600+1 = c0\"...600\" c|601\"...1000\" c600 hole1"},
};

START_TEST(each_limited_row)
{
    char log[SCRIPT_LOG_MAX];
    const limited_row *r = &limited_rows[_i];
    stream_config config;
    stream_config_init(&config);
    config.max_waiting = r->max_waiting != 0 ? r->max_waiting : config.max_waiting;
    config.max_holes = r->max_holes != 0 ? r->max_holes : config.max_holes;
    config.max_memory = r->max_memory != 0 ? r->max_memory : config.max_memory;
    script how = r->how;
    how.config = &config;
    script_run(&how, r->text, log);
    ck_assert_msg(strcmp(log, r->log) == 0, "%s:\n%s\nnot\n%s", r->name, log, r->log);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rows");
    TCase *tcase = tcase_create("rows");
    tcase_add_loop_test(tcase, each_row, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_loop_test(tcase, each_limited_row, 0,
                        (int)(sizeof limited_rows / sizeof limited_rows[0]));
    suite_add_tcase(suite, tcase);
    return run_suites(&suite, 1);
}
