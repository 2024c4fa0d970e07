new Uint8Array(3)
//> Uint8Array[0,0,0]
new Uint8Array([1, 256, -1, 1.9, NaN, "7"])
//> Uint8Array[1,0,255,1,0,7]
new Uint8ClampedArray([1.5, 2.5, -1, 300, NaN])
//> Uint8ClampedArray[2,2,0,255,0]
new Int16Array([32768, -32769, 1e10])
//> Int16Array[-32768,32767,-7168]
new Uint32Array([-1, 4294967296])
//> Uint32Array[4294967295,0]
new Float32Array([1.1, 1e40, NaN, -0])
//> Float32Array[1.100000023841858,Infinity,NaN,-0]
new Float64Array([1.1, 1e40])
//> Float64Array[1.1,1e+40]
new BigInt64Array([1n, -1n, 9223372036854775808n])
//> BigInt64Array[1n,-1n,-9223372036854775808n]
new BigUint64Array([-1n])
//> BigUint64Array[18446744073709551615n]
t(() => new BigInt64Array([1]))
//> "TypeError"
t(() => new Uint8Array([1n]))
//> "TypeError"
t(() => Uint8Array(1))
//> "TypeError"
t(() => new Uint8Array(-1))
//> "RangeError"
let b = new ArrayBuffer(8); let a = new Uint16Array(b, 2, 2); a[0] = 258; [new Uint8Array(b), a.byteOffset, a.byteLength, a.length, a.buffer === b]
//> [Uint8Array[0,0,2,1,0,0,0,0],2,4,2,true]
t(() => new Uint16Array(new ArrayBuffer(8), 1))
//> "RangeError"
t(() => new Uint16Array(new ArrayBuffer(7)))
//> "RangeError"
t(() => new Uint16Array(new ArrayBuffer(8), 4, 4))
//> "RangeError"
new Uint8Array(new Uint16Array([1, 257]))
//> Uint8Array[1,1]
new Uint8Array({length: 2, 0: 5})
//> Uint8Array[5,0]
new Uint8Array(new Set([1, 2]))
//> Uint8Array[1,2]
let a = new Uint8Array([1,2,3,4]); [a.subarray(1, 3), a.slice(-2), a.subarray(1).buffer === a.buffer, a.slice().buffer === a.buffer]
//> [Uint8Array[2,3],Uint8Array[3,4],true,false]
let a = new Uint8Array(5); a.set([1,2], 1); a.set(new Uint16Array([7, 8]), 3); a
//> Uint8Array[0,1,2,7,8]
t(() => new Uint8Array(1).set([1,2]))
//> "RangeError"
let a = new Uint8Array([1,2,3]); a[5] = 1; a["-0"] = 1; a.x = 5; [a, a[5], a.x, "5" in a, "1" in a, Object.keys(a)]
//> [Uint8Array[1,2,3],undefined,5,false,true,["0","1","2","x"]]
let a = new Uint8Array([1,2,3]); [a.at(-1), a.indexOf(2), a.includes(3), a.join("-"), String(a), a.find(x => x > 1), a.lastIndexOf(9)]
//> [3,1,true,"1-2-3","1,2,3",2,-1]
new Uint8Array([3,1,2]).sort()
//> Uint8Array[1,2,3]
new Float64Array([3, NaN, -0, 0, 1]).sort()
//> Float64Array[-0,0,1,3,NaN]
new Uint8Array([3,1,2]).sort((a, b) => b - a)
//> Uint8Array[3,2,1]
new Uint8Array([3,1,2]).toSorted()
//> Uint8Array[1,2,3]
new Uint8Array([3,1,2]).toReversed()
//> Uint8Array[2,1,3]
new Uint8Array([3,1,2]).reverse()
//> Uint8Array[2,1,3]
new Uint8Array([3,1,2]).with(0, 300)
//> Uint8Array[44,1,2]
new Uint8Array([1,2,3]).map(x => x * 100)
//> Uint8Array[100,200,44]
new Uint8Array([1,2,3]).filter(x => x > 1)
//> Uint8Array[2,3]
new Uint8Array([1,2,3]).reduce((a, b) => a + b)
//> 6
new Uint8Array([1,2,3]).fill(9, 1)
//> Uint8Array[1,9,9]
new Uint8Array([1,2,3,4]).copyWithin(0, 2)
//> Uint8Array[3,4,3,4]
gather(new Uint8Array([1,2]).entries())
//> [[0,1],[1,2]]
gather(new Uint8Array([1,2]))
//> [1,2]
Uint8Array.from([1,2,300])
//> Uint8Array[1,2,44]
Uint8Array.from([1,2], x => x * 2)
//> Uint8Array[2,4]
Uint8Array.of(1, 2)
//> Uint8Array[1,2]
t(() => Uint8Array.prototype.length)
//> "TypeError"
t(() => Uint8Array.prototype.map.call([1], x => x))
//> "TypeError"
Uint8Array.BYTES_PER_ELEMENT + Float64Array.prototype.BYTES_PER_ELEMENT
//> 9
Object.getPrototypeOf(Uint8Array) === Object.getPrototypeOf(Float32Array)
//> true
Object.getPrototypeOf(Uint8Array).name
//> "TypedArray"
new Uint8Array(1) instanceof Object.getPrototypeOf(Uint8Array)
//> true
Uint8Array.prototype.toString === Array.prototype.toString
//> true
[Uint8Array.length, Uint8Array.name, ArrayBuffer.length, DataView.length]
//> [3,"Uint8Array",1,1]
Object.getOwnPropertyDescriptor(new Uint8Array([5]), 0)
//> {value:5,writable:true,enumerable:true,configurable:true}
Object.prototype.toString.call(new Uint8Array(1))
//> "[object Uint8Array]"
t(() => Object.freeze(new Uint8Array(1)))
//> "TypeError"
Object.isFrozen(Object.freeze(new Uint8Array(0)))
//> true
let d = new DataView(new ArrayBuffer(8), 1); d.setUint16(0, 258); d.setInt8(2, -1); d.setFloat32(3, 1.5, true); [new Uint8Array(d.buffer), d.getUint16(0, true), d.getInt8(2), d.getFloat32(3, true), d.byteLength, d.byteOffset]
//> [Uint8Array[0,1,2,255,0,0,192,63],513,-1,1.5,7,1]
let d = new DataView(new ArrayBuffer(8)); d.setBigUint64(0, -1n); [d.getBigInt64(0), d.getBigUint64(0), d.getFloat64(0)]
//> [-1n,18446744073709551615n,NaN]
t(() => new DataView(new ArrayBuffer(1)).getInt16(0))
//> "RangeError"
t(() => new DataView(new ArrayBuffer(1)).getInt8(-1))
//> "RangeError"
t(() => new DataView({}))
//> "TypeError"
let b = new ArrayBuffer(4, {maxByteLength: 8}); let a = new Uint8Array(b); b.resize(6); [a.length, b.resizable, b.maxByteLength, t(() => b.resize(9))]
//> [6,true,8,"RangeError"]
let b = new ArrayBuffer(4, {maxByteLength: 8}); let a = new Uint8Array(b, 2, 2); b.resize(3); [a.length, a.byteOffset, a[0]]
//> [0,0,undefined]
let b = new ArrayBuffer(4); let a = new Uint8Array(b); let c = b.transfer(8); [b.detached, b.byteLength, c.byteLength, a.length, t(() => a.fill(1)), t(() => b.slice())]
//> [true,0,8,0,"TypeError","TypeError"]
new ArrayBuffer(5).slice(1, 3)
//> ArrayBuffer[0,0]
ArrayBuffer.isView(new DataView(new ArrayBuffer(1))) && ArrayBuffer.isView(new Uint8Array(1)) && !ArrayBuffer.isView(new ArrayBuffer(1))
//> true
t(() => new ArrayBuffer(-1))
//> "RangeError"
t(() => ArrayBuffer(1))
//> "TypeError"
let a = new Uint8Array(2); [Reflect.set(a, 0, 5), Reflect.set(a, 9, 5), Reflect.defineProperty(a, 0, {value: 7}), Reflect.deleteProperty(a, 0), a]
//> [true,true,true,false,Uint8Array[7,0]]
JSON.stringify(new Uint8Array([1,2]))
//> "{\"0\":1,\"1\":2}"
[].concat(new Uint8Array([1]))
//> [Uint8Array[1]]
Array.from(new Uint8Array([1,2]))
//> [1,2]
Array.prototype.slice.call(new Uint8Array([1,2]))
//> [1,2]
let a = new Uint8Array([1,2]); Uint8Array.prototype.set.call(a, new Uint8Array([9])); a
//> Uint8Array[9,2]
