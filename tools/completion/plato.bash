# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for bash of all programs of Plato for Wireshark. It is installed under each program's
# name, where bash-completion finds it; without bash-completion, source it.
#
# What there is to complete is asked of the program itself: options, what their values are, and what
# the arguments are, stand in its --help.

# The options as --help lists them, a line each: the names, with | between, the value's name, and what
# --help says of it; with tabs between. Continued lines are left out.
__plato_options() { # PROGRAM
    "$1" --help 2>/dev/null </dev/null | sed -nE \
        -e 's/^ +(-[[:alnum:]]), (--[a-z-]+)/  \1|\2/' \
        -e 's/^ +([|[:alnum:]-]*--[a-z-]+)([= ]([[:upper:]][[:upper:]_-]*))? +(.*)/\1\t\3\t\4/p'
}

# The words that may stand for a value of which --help says "text (default), tap or json".
__plato_words_of() { # DESCRIPTION
    sed -E 's/\([^)]*\)?//g; s/,| or / /g' <<<"$1"
}

__plato_rules() { # PROGRAM
    # asked once: it starts tshark
    [ -n "${__plato_rule_names:-}" ] ||
        __plato_rule_names=$("$1" --list-rules 2>/dev/null </dev/null | sed -nE 's/^([a-z_]+).*/\1/p')
    printf '%s' "$__plato_rule_names"
}

__plato_profiles() {
    local folder=${WIRESHARK_CONFIG_DIR:-${XDG_CONFIG_HOME:-$HOME/.config}/wireshark}/profiles profile
    for profile in "$folder"/*/; do
        [ ! -d "$profile" ] || basename -- "$profile"
    done
}

# Sets COMPREPLY to the words, a line each, that begin with CURRENT.
__plato_reply() { # CURRENT WORDS
    local word
    while IFS= read -r word; do
        [[ -z $word || $word != "$1"* ]] || COMPREPLY+=("$(printf '%q' "$word")")
    done <<<"$2"
}

# The same with files; with PATTERN, only those, and folders.
__plato_reply_files() { # CURRENT [PATTERN]
    local file
    compopt -o filenames 2>/dev/null || true
    while IFS= read -r file; do
        # shellcheck disable=SC2053  # a pattern
        [[ ! -d $file && -n ${2:-} && ${file##*/} != $2 ]] || COMPREPLY+=("$file")
    done < <(compgen -f -- "$1")
}

__plato_captures='*.@(pcapng|pcap|cap|pcapng.gz|pcap.gz|cap.gz)'

# What may stand where --help writes NAME: a value's, or an argument's.
__plato_complete() { # PROGRAM OPTION NAME DESCRIPTION CURRENT
    local program=${1##*/}
    case $program:$2:$3 in
        plato-check:*:RULE) __plato_reply "$5" "$(__plato_rules "$1")" ;;
        plato-tshark:--program:*) __plato_reply "$5" $'tshark\nsharkd\nwireshark' ;;
        plato-doctor:--profile:*) __plato_reply "$5" "$(__plato_profiles)" ;;
        *:FORMAT | *:LEVEL) __plato_reply "$5" "$(__plato_words_of "$4" | tr -s ' ' '\n')" ;;
        *:DIR | *:FOLDER)
            compopt -o filenames 2>/dev/null || true
            mapfile -t COMPREPLY < <(compgen -d -- "$5")
            ;;
        *::CAPTURE*) __plato_reply_files "$5" "$__plato_captures" ;;
        *:FILE | *::SCENARIO | *::TSHARK-ARGUMENT*) __plato_reply_files "$5" ;;
        *:HOST) mapfile -t COMPREPLY < <(compgen -A hostname -- "$5") ;;
        *:TYPE) __plato_reply "$5" $'ECHO\nTIME\nVERSION\nSTATS\nPING' ;;
    esac
}

# The arguments' names, in the first line of --help that has any: CAPTURE..., HOST, HOST TYPE [PARAMS].
# The last one may be repeated where dots follow it.
__plato_argument() { # PROGRAM NUMBER
    local names
    read -ra names <<<"$("$1" --help 2>/dev/null </dev/null |
        sed -nE '1,3{s/^(Usage:)? *plato-[a-z]+ +//;T;s/ - .*//;s/\[OPTION[^]]*\]//;s/-r FILE//;s/[][]|\.\.\.//g;p;q}')"
    [ ${#names[@]} -eq 0 ] || printf '%s' "${names[$(($2 < ${#names[@]} ? $2 : ${#names[@]} - 1))]}"
}

# The row of __plato_options that has the option NAME: ROWS NAME
__plato_row_of() { awk -F '\t' -v name="$2" '{ n = split($1, names, "|") } { for (i = 1; i <= n; i++) if (names[i] == name) { print; exit } }' <<<"$1"; }

_plato() {
    local program=$1 current=${COMP_WORDS[COMP_CWORD]} rows row names value text option='' number=0 i word
    rows=$(__plato_options "$program")
    COMPREPLY=()
    # "--option=value" is three words to bash
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [ "$word" = = ] && [ -n "$option" ]; then
            continue
        fi
        if [ -n "$option" ]; then # this was its value
            option=
            continue
        fi
        if [[ $word != -* ]]; then
            number=$((number + 1))
            continue
        fi
        row=$(__plato_row_of "$rows" "$word")
        IFS=$'\t' read -r names value text <<<"${row/$'\t\t'/$'\t'-$'\t'}"
        [ -z "$row" ] || [ "$value" = - ] || option=${names##*|}
    done
    [ "$current" != = ] || current=
    if [ -n "$option" ]; then
        __plato_complete "$program" "$option" "$value" "$text" "$current"
    elif [[ $current == -* ]]; then
        __plato_reply "$current" "$(cut -f 1 <<<"$rows" | tr '|' '\n')"
    else
        __plato_complete "$program" '' "$(__plato_argument "$program" $number)" '' "$current"
    fi
}

complete -F _plato plato-bench plato-chaos plato-check plato-client plato-cmd plato-doctor \
    plato-mkcap plato-ping plato-server plato-tshark
