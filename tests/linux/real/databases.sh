# sqlite3 and lua
sqlite3 test.db <<'END'
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into t select i, 'name' || (i * 7919 % 1000), i * 0.37 from n;
create index byname on t(name);
select count(*), sum(value), avg(value) from t;
select name, count(*), round(sum(value), 3) from t group by name order by 3 desc limit 5;
select t1.id, t2.id from t t1 join t t2 on t1.name = t2.name and t1.id < t2.id where t1.id < 5 order by 1, 2 limit 6;
begin; delete from t where id % 3 = 0; rollback; select count(*) from t;
update t set value = value * 2 where name like 'name1%'; select printf('%.4f', sum(value)) from t; pragma integrity_check;
select json_extract('{"a":[1,{"b":2}]}', '$.a[1].b'), upper(hex(zeroblob(3))), strftime('%Y', 0, 'unixepoch'), sqrt(2);
select * from (select id, quote(name), cast(value * 100 as integer) from t) where id % 500 = 1;
END
sqlite3 test.db "select id, name, round(value, 6) from t" | sha256sum; sqlite3 test.db 'select * from missing' 2>/dev/null; echo $?
cat > t.lua <<'END'
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(22), string.format("%.14g %d %5.1f %q", math.pi, 42, 2.55, "a\nb"), 7 // 2, 7 / 2, 2^53, 1 << 40, 10 % -3)
local t = {} for i = 1, 1000 do t[i] = (i * 7919) % 1009 end table.sort(t) print(t[1], t[500], t[1000], #t, table.concat({1, 2, 3}, "-"))
print(("hello world"):gsub("o", "0"), ("key=value"):match("(%w+)=(%w+)"), ("x"):rep(5), ("abc"):byte(1, -1))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end) print(co(), co(), co())
print(pcall(error, {code = 1}) , select(2, pcall(function() local x = nil; return x.y end)))
local mt = setmetatable({}, {__index = function(_, k) return k .. "!" end, __call = function(_, a) return a + 1 end}) print(mt.foo, mt(41))
local s = 0.0 for i = 1, 100000 do s = s + math.sin(i) * math.sqrt(i) end print(string.format("%.10f", s), math.maxinteger, math.tointeger(3.0), 1e15, 0/0 ~= 0/0, -0.0)
print(collectgarbage("count") > 0, utf8.char(228, 8364), os.time{year = 2001, month = 9, day = 9, hour = 1, min = 46, sec = 40}, io.popen("echo popen"):read("a"))
END
lua5.4 t.lua; lua5.4 -e 'os.exit(3)'; echo $?; lua5.4 -e 'error("boom")' 2>/dev/null; echo $?
