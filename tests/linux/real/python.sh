cat > t.py <<'END'
import ctypes, hashlib, json, math, os, platform, re, signal, sqlite3, ssl, subprocess, sys, threading, time, zlib, struct, random, decimal, fractions, datetime, collections, itertools, queue, tempfile, multiprocessing
print(json.dumps({"a": [1, 2.5, None, True], "b": {"c": "ä\n"}}, sort_keys=True), json.loads("[1e300, -0.0, 1e-320]"))
print(re.sub(r"(\w+)@(\w+)", r"\2 at \1", "joe@example ann@test"), re.findall(r"\b\d{2,}\b", "1 22 333 a4444 55"))
for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"): print(name, hashlib.new(name, b"ferry" * 1000).hexdigest()[:32])
counter, lock = [0], threading.Lock()
def work():
    for _ in range(2000):
        with lock: counter[0] += 1
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]; print("threads", counter[0])
q = queue.Queue(); threading.Thread(target=lambda: [q.put(i * i) for i in range(5)]).start(); print([q.get(timeout=10) for _ in range(5)])
print(subprocess.run(["sh", "-c", "cat; exit 3"], input=b"to a child", capture_output=True))
print(subprocess.check_output("seq 3 | tac", shell=True))
try: subprocess.run(["/no/such/program"])
except FileNotFoundError as e: print("errno", e.errno)
try: subprocess.run(["sleep", "10"], timeout=0.3)
except subprocess.TimeoutExpired: print("timed out")
db = sqlite3.connect(":memory:"); db.execute("create table t(a integer primary key, b text)"); db.executemany("insert into t(b) values(?)", [(str(i * 7 % 13),) for i in range(500)])
print(db.execute("select b, count(*), sum(a) from t group by b order by b limit 3").fetchall(), sqlite3.sqlite_version)
print(ssl.OPENSSL_VERSION.split()[0], ssl.create_default_context().verify_mode)
libc = ctypes.CDLL(None); print(libc.strlen(b"ctypes"), libc.abs(-5)); libm = ctypes.CDLL("libm.so.6"); libm.pow.restype = ctypes.c_double; libm.pow.argtypes = [ctypes.c_double] * 2; print(libm.pow(2.0, 0.5))
CB = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)); arr = (ctypes.c_int * 5)(3, 1, 4, 1, 5); libc.qsort(arr, 5, 4, CB(lambda a, b: a[0] - b[0])); print(list(arr))
print(zlib.crc32(b"x" * 1000), len(zlib.compress(b"abc" * 10000)), struct.pack("<dIh", 1.5, 7, -2))
random.seed(7); print(random.random(), random.sample(range(100), 5), math.fsum([0.1] * 10), math.sin(1e22), math.gamma(10.5), math.erf(0.3))
print(decimal.Decimal(1) / 7, fractions.Fraction(22, 7) + 1, datetime.datetime.fromtimestamp(1e9, datetime.timezone.utc), 2 ** 200 // 3 ** 50, hash(1.5))
print(collections.Counter("abracadabra").most_common(2), list(itertools.islice(itertools.permutations("abc"), 3)), f"{math.pi:.3e} {1e6:,} {255:#x}")
signal.signal(signal.SIGALRM, lambda s, f: print("signal", s)); signal.setitimer(signal.ITIMER_REAL, 0.1); signal.pause()
pid = os.fork()
if pid == 0: os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, 2, -3]))
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
try: deep(10 ** 5)
except RecursionError: print("recursion error")
class A:
    def __init__(self, n): self.n = n
    def __lt__(self, o): return self.n < o.n
print([a.n for a in sorted(A(i * 37 % 101) for i in range(8))], sum(x * y for x, y in zip(range(1000), range(1000))))
print(sys.float_info.max, sys.byteorder, sys.maxsize, time.strftime("%F", time.gmtime(0)))
END
python3 t.py
echo 'print(sum(i * i for i in range(10)))' | python3 -
python3 -c 'import sys; sys.exit(9)'; echo $?
python3 -c 'raise ValueError("x")' 2>/dev/null; echo $?
python3 -m json.tool <<< '{"b": 1, "a": [2]}'
