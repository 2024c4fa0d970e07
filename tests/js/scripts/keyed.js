let m = new Map([[1, "a"], ["1", "b"], [NaN, "n"], [-0, "z"]]); [m.size, m.get(1), m.get("1"), m.get(NaN), m.get(0), gather(m.keys())]
//> [4,"a","b","n","z",[1,"1",NaN,0]]
let m = new Map(); let k = {}; m.set(k, 1).set([], 2); [m.get(k), m.has({}), m.delete(k), m.delete(k), m.size]
//> [1,false,true,false,1]
let m = new Map([[1,2]]); m.clear(); m.size
//> 0
let m = new Map([[1,1],[2,2],[3,3]]); let seen = []; m.forEach((v, k) => { seen.push(k); m.delete(k === 1 ? 2 : 9); k === 3 && m.size < 5 ? m.set(k + m.size, 0) : 0 }); seen
//> [1,3,5]
let m = new Map([[1,1],[2,2]]); let i = m.keys(); i.next(); m.delete(1); m.delete(2); m.set(3, 3); [i.next(), i.next(), i.next()]
//> [{value:3,done:false},{value:undefined,done:true},{value:undefined,done:true}]
let m = new Map([[1,1]]); let i = m.keys(); i.next(); m.clear(); m.set(4, 4); gather(i)
//> [4]
gather(new Map([[1,2]]).entries())
//> [[1,2]]
gather(new Map([[1,2]]))
//> [[1,2]]
Map.prototype[Symbol.iterator] === Map.prototype.entries && Set.prototype.keys === Set.prototype.values
//> true
t(() => Map.prototype.get.call({}, 1))
//> "TypeError"
t(() => Map.prototype.size)
//> "TypeError"
t(() => new Map([1]))
//> "TypeError"
t(() => new Map(5))
//> "TypeError"
t(() => Map())
//> "TypeError"
Object.prototype.toString.call(new Map()) + new Map().entries().toString()
//> "[object Map][object Map Iterator]"
new Map([[1, 2]])
//> Map[[1,2]]
new Set([1, 1, "1", NaN, NaN])
//> Set[1,"1",NaN]
let s = new Set(); [s.add(1) === s, s.has(1), s.delete(1), s.delete(1), s.size]
//> [true,true,true,false,0]
new Set([1,2,3]).union(new Set([3,4]))
//> Set[1,2,3,4]
new Set([1,2,3]).intersection(new Set([3,2]))
//> Set[3,2]
new Set([1,2,3]).difference(new Set([3]))
//> Set[1,2]
new Set([1,2,3]).symmetricDifference(new Set([3,4]))
//> Set[1,2,4]
new Set([1]).isSubsetOf(new Set([1,2])) && new Set([1,2]).isSupersetOf(new Set([1])) && new Set([1]).isDisjointFrom(new Set([2]))
//> true
new Set([1,2]).union(new Map([[7, 8]]))
//> Set[1,2,7]
t(() => new Set([1]).union([1]))
//> "TypeError"
t(() => new Set([1]).union({size: NaN, has: () => 1, keys: () => 1}))
//> "TypeError"
gather(new Set([1,2]).entries())
//> [[1,1],[2,2]]
gather(new Set("aba"))
//> ["a","b"]
let w = new WeakMap(); let k = {}; w.set(k, 5); [w.get(k), w.has(k), w.has({}), w.delete(k), w.get(k), t(() => w.set(1, 2)), w.has(1)]
//> [5,true,false,true,undefined,"TypeError",false]
let w = new WeakMap(); let k = Symbol("x"); w.set(k, 1); [w.get(k), t(() => w.set(Symbol.for("x"), 1))]
//> [1,"TypeError"]
let w = new WeakSet(); let k = []; w.add(k); [w.has(k), w.delete(k), w.has(k), t(() => w.add(1))]
//> [true,true,false,"TypeError"]
let o = {}; [new WeakRef(o).deref() === o, t(() => new WeakRef(1))]
//> [true,"TypeError"]
let f = new FinalizationRegistry(() => 1); let o = {}; let token = {}; f.register(o, 1, token); [f.unregister(token), f.unregister(token), t(() => f.register(o, o)), t(() => f.register(1)), t(() => new FinalizationRegistry())]
//> [true,false,"TypeError","TypeError","TypeError"]
[Map.length, Map.name, Set.length, new Map().get.length, new Map().set.length, new Map().set.name, new Map().forEach.length]
//> [0,"Map",0,1,2,"set",1]
Object.getOwnPropertyDescriptor(Map.prototype, "size").get.name
//> "get size"
Map[Symbol.species] === Map
//> true
let m = new Map(); m.extra = 5; [m.extra, m.size, Object.keys(m)]
//> [5,0,["extra"]]
Object.isFrozen(Object.freeze(new Map()))
//> true
let m = Object.freeze(new Map()); m.set(1, 2); [m.size, t(() => { m.x = 1 })]
//> [1,"TypeError"]
Array.from(new Map([[1, 2]]).values())
//> [2]
Reflect.construct(Map, [], Set) instanceof Set
//> true
new Map().constructor === Map
//> true
let log = []; let it = {[Symbol.iterator]: () => ({next: () => ({value: 1, done: false}), return: () => { log.push("closed"); return {} }})}; [t(() => new Map(it)), log]
//> ["TypeError",["closed"]]
let n = 0; let it = {[Symbol.iterator]: () => ({next: () => { n = n + 1; return {value: n, done: n > 3} }})}; gather(it)
//> [1,2,3]
t(() => gather({[Symbol.iterator]: () => 5}))
//> "TypeError"
t(() => gather({[Symbol.iterator]: 5}))
//> "TypeError"
t(() => gather({[Symbol.iterator]: () => ({next: () => 5})}))
//> "TypeError"
t(() => gather({}))
//> "TypeError"
gather([1,2,3].values().map(x => x * 2))
//> [2,4,6]
gather([1,2,3].values().filter(x => x > 1).take(1))
//> [2]
gather([1,2,3].values().drop(1))
//> [2,3]
gather([1,2,3].values().flatMap(x => [x, x]))
//> [1,1,2,2,3,3]
[1,2,3].values().reduce((a, b) => a + b)
//> 6
[1,2,3].values().some(x => x > 2) && [1,2,3].values().every(x => x > 0)
//> true
[1,2,3].values().find(x => x > 1)
//> 2
[1,2,3].values().toArray()
//> [1,2,3]
t(() => [1].values().take(-1))
//> "RangeError"
t(() => [1].values().take(NaN))
//> "RangeError"
t(() => new Iterator())
//> "TypeError"
Iterator.from({next: () => ({done: true})}).toArray()
//> []
Iterator.from([1,2]).toArray()
//> [1,2]
let i = [1,2,3].values(); [i[Symbol.iterator]() === i, i.next(), gather(i), i.next()]
//> [true,{value:1,done:false},[2,3],{value:undefined,done:true}]
Object.prototype.toString.call([].values()) + Object.prototype.toString.call(new Set().values()) + Object.prototype.toString.call(""[Symbol.iterator]())
//> "[object Array Iterator][object Set Iterator][object String Iterator]"
let a = [1]; let i = a.values(); i.next(); a.push(2); [i.next(), i.next(), a.push(3), i.next()]
//> [{value:2,done:false},{value:undefined,done:true},3,{value:undefined,done:true}]
t(() => [].values().next.call({}))
//> "TypeError"
let log = []; let it = {next: () => ({value: 1, done: false}), return: () => { log.push("r"); return {} }}; Iterator.prototype.take.call(it, 1).toArray(); log
//> ["r"]
let log = []; let it = {next: () => ({value: 1, done: false}), return: () => { log.push("r"); return {} }}; Iterator.prototype.find.call(it, x => true); log
//> ["r"]
gather("a\ud83e\udd80")
//> ["a","\ud83e\udd80"]
