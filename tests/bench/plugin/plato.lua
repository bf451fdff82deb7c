-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a user without the plugin would write: frames in Lua, their content by Wireshark's own
-- protobuf dissector and the project's proto files. Only for measuring; the plugin does more.
local HEADER_LEN = 14
local proto = Proto("platolua", "Plato in Lua")
local types = {
    [0] = "LOGIN", [1] = "HEARTBEAT", [2] = "RECONN", [3] = "ACK", [4] = "UP", [5] = "PUSH",
    [6] = "SYNC",
}
local heads = {
    [0] = "plato.LoginHead", [1] = "plato.HeartbeatHead", [2] = "plato.ReconnHead",
    [3] = "plato.AckHead", [4] = "plato.UpHead", [5] = "plato.PushHead", [6] = "plato.SyncHead",
}
local bodies = { [0] = "plato.LoginBody", [4] = "plato.ChatMessage", [5] = "plato.ChatMessage" }
local f = proto.fields
f.version = ProtoField.uint8("platolua.version", "Version")
f.msg_type = ProtoField.uint8("platolua.msg_type", "Type", base.DEC, types)
f.msg_len = ProtoField.uint32("platolua.msg_len", "Body Length")
f.var_head_len = ProtoField.uint32("platolua.var_head_len", "Variable Header Length")
f.crc32 = ProtoField.uint32("platolua.crc32", "CRC", base.HEX)

local protobuf

local function length_of(tvb, _, offset)
    return HEADER_LEN + tvb(offset + 2, 4):uint() + tvb(offset + 6, 4):uint()
end

local function message(tvb, name, pinfo, tree)
    if name == nil or tvb:len() == 0 then
        return
    end
    pinfo.private["pb_msg_type"] = "message," .. name
    protobuf:call(tvb, pinfo, tree)
end

local function dissect(tvb, pinfo, root)
    local tree = root:add(proto, tvb())
    local kind, head_len = tvb(1, 1):uint(), tvb(6, 4):uint()
    tree:add(f.version, tvb(0, 1))
    tree:add(f.msg_type, tvb(1, 1))
    tree:add(f.msg_len, tvb(2, 4))
    tree:add(f.var_head_len, tvb(6, 4))
    tree:add(f.crc32, tvb(10, 4))
    if head_len > 0 then
        message(tvb(HEADER_LEN, head_len):tvb(), heads[kind], pinfo, tree)
    end
    local body = tvb:len() - HEADER_LEN - head_len
    if body > 0 then
        message(tvb(HEADER_LEN + head_len, body):tvb(), bodies[kind], pinfo, tree)
    end
    pinfo.cols.protocol = "Plato"
    return tvb:len()
end

function proto.dissector(tvb, pinfo, tree)
    protobuf = protobuf or Dissector.get("protobuf")
    dissect_tcp_pdus(tvb, tree, HEADER_LEN, length_of, dissect)
    return tvb:len()
end

DissectorTable.get("tcp.port"):add(8900, proto)
