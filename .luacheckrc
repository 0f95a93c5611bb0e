-- What Redis gives a script; everything else is the script's own. Redis runs Lua 5.1.
std = "lua51"
read_globals = {"redis", "cjson", "cmsgpack", "KEYS", "ARGV"}
max_line_length = 120
