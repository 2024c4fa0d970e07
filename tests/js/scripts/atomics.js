let a = new Int32Array([1, 2]); [Atomics.add(a, 0, 5), Atomics.load(a, 0), Atomics.sub(a, 1, 5), Atomics.and(a, 0, 2), Atomics.or(a, 0, 1), Atomics.xor(a, 0, 3), a]
//> [1,6,2,6,2,3,Int32Array[0,-3]]
let a = new Uint8Array(1); [Atomics.store(a, 0, 257), a, Atomics.exchange(a, 0, 5), Atomics.compareExchange(a, 0, 5, 9), Atomics.compareExchange(a, 0, 5, 1), a]
//> [257,Uint8Array[9],1,5,9,Uint8Array[9]]
let a = new BigInt64Array(1); [Atomics.add(a, 0, 5n), Atomics.sub(a, 0, 9n), a, t(() => Atomics.add(a, 0, 5))]
//> [0n,5n,BigInt64Array[-4n],"TypeError"]
[t(() => Atomics.add([1], 0, 1)), t(() => Atomics.add(new Float32Array(1), 0, 1)), t(() => Atomics.load(new Int8Array(1), 1)), Atomics.isLockFree(4), Atomics.isLockFree(3)]
//> ["TypeError","TypeError","RangeError",true,false]
[Atomics.notify(new Int32Array(1), 0, 1), t(() => Atomics.wait(new Int32Array(1), 0, 0)), t(() => Atomics.notify(new Int8Array(1), 0))]
//> [0,"TypeError","TypeError"]
Object.prototype.toString.call(Atomics) + Atomics.add.length
//> "[object Atomics]3"
[Symbol.dispose.toString(), Symbol.asyncDispose.toString()]
//> ["Symbol(Symbol.dispose)","Symbol(Symbol.asyncDispose)"]
Atomics.add(new Uint16Array([65535]), 0, 1)
//> 65535
let a = new Uint16Array([65535]); Atomics.add(a, 0, 1); a
//> Uint16Array[0]
let a = new Int8Array([127]); Atomics.add(a, 0, 1); a
//> Int8Array[-128]
Atomics.store(new Int32Array(1), 0, -0)
//> 0
