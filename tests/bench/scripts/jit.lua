-- What LuaJIT compiles well: loops over numbers, arrays and strings.
local function sieve(limit)
  local composite, count = {}, 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  return count
end

local function mandelbrot(size)
  local inside = 0
  for y = 0, size - 1 do
    for x = 0, size - 1 do
      local cr, ci, zr, zi, n = 2 * x / size - 1.5, 2 * y / size - 1, 0, 0, 0
      while n < 50 and zr * zr + zi * zi < 4 do
        zr, zi, n = zr * zr - zi * zi + cr, 2 * zr * zi + ci, n + 1
      end
      if n == 50 then inside = inside + 1 end
    end
  end
  return inside
end

local function strings(count)
  local parts = {}
  for i = 1, count do parts[i] = string.format("%d:%x", i % 1000, i * 7) end
  local text, sum = table.concat(parts, ","), 0
  for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 1000003 end
  return sum
end

print(sieve(5000000), mandelbrot(700), strings(400000))
