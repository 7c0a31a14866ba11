// What V8 compiles: objects with methods, typed arrays, closures, strings, maps.
'use strict';

class Vector {
  constructor(x, y, z) { this.x = x; this.y = y; this.z = z; }
  plus(other) { return new Vector(this.x + other.x, this.y + other.y, this.z + other.z); }
  dot(other) { return this.x * other.x + this.y * other.y + this.z * other.z; }
}

function vectors(count) {
  let sum = new Vector(0, 0, 0);
  for (let i = 0; i < count; ++i) sum = sum.plus(new Vector(i % 7, i % 11, i % 13));
  return sum.dot(new Vector(1, 2, 3));
}

function matrix(size) {
  const a = new Float64Array(size * size).map((_, i) => i % 17), b = new Float64Array(size * size).map((_, i) => i % 13);
  const c = new Float64Array(size * size);
  for (let i = 0; i < size; ++i)
    for (let k = 0; k < size; ++k)
      for (let j = 0; j < size; ++j) c[i * size + j] += a[i * size + k] * b[k * size + j];
  return c.reduce((sum, value) => sum + value, 0);
}

function words(count) {
  const seen = new Map();
  let value = 1;
  for (let i = 0; i < count; ++i) {
    value = (Math.imul(value, 1103515245) + 12345) & 0x7fffffff;
    const word = 'w' + (value >> 17);
    seen.set(word, (seen.get(word) || 0) + 1);
  }
  return [...seen].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 3).join(' ');
}

function documents(count) {
  const list = Array.from({length: count}, (_, i) => ({id: i, name: `n${i * 7}`, tags: [i % 5, i % 3]}));
  return JSON.parse(JSON.stringify(list)).filter(entry => entry.tags[0] === entry.tags[1]).map(entry => entry.id).reduce((a, b) => a + b, 0);
}

console.log(vectors(20000000), matrix(400), words(800000), documents(100000));
