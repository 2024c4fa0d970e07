[1,2,3].concat({length: 2, 0: "x", [Symbol.isConcatSpreadable]: true})
//> [1,2,3,"x",]
let a = [1]; a.foo = 5; [Object.keys(a), a.foo, a.length]
//> [["0","foo"],5,1]
let o = {length: 0}; Array.prototype.push.call(o, 1, 2); o
//> {0:1,1:2,length:2}
let o = {0: "a", 1: "b", length: 2}; Array.prototype.reverse.call(o)
//> {0:"b",1:"a",length:2}
let o = {0: "a", 2: "c", length: 3}; Array.prototype.splice.call(o, 0, 1); o
//> {1:"c",length:2}
Array.prototype[Symbol.iterator] === Array.prototype.values
//> true
Array.prototype.constructor === Array
//> true
[].constructor === Array
//> true
Object.getPrototypeOf([]) === Array.prototype
//> true
Object.getPrototypeOf(Array.prototype) === Object.prototype
//> true
Object.getPrototypeOf(Object.prototype)
//> null
Object.getOwnPropertyDescriptor([1], "length")
//> {value:1,writable:true,enumerable:false,configurable:false}
Object.getOwnPropertyDescriptor([1], 0)
//> {value:1,writable:true,enumerable:true,configurable:true}
Object.getOwnPropertyDescriptor(Array.prototype, "push")
//> {value:f push/1,writable:true,enumerable:false,configurable:true}
let o = {b: 1, a: 2, 5: 3, 1: 4, [Symbol("s")]: 5}; Reflect.ownKeys(o)
//> ["1","5","b","a",Symbol(s)]
Object.keys({b: 1, 2: 1, 1: 1})
//> ["1","2","b"]
Object.entries({a: 1, b: 2})
//> [["a",1],["b",2]]
Object.values({a: 1, b: 2})
//> [1,2]
Object.assign({a: 1}, {b: 2}, null, "xy", [9])
//> {0:9,1:"y",a:1,b:2}
Object.fromEntries([["a", 1], ["b", 2]])
//> {a:1,b:2}
Object.fromEntries(new Map([["x", 5]]))
//> {x:5}
t(() => Object.fromEntries([1]))
//> "TypeError"
t(() => Object.fromEntries(5))
//> "TypeError"
let o = Object.create({inherited: 1}, {own: {value: 2, enumerable: true}}); [o.inherited, o.own, Object.keys(o), o.hasOwnProperty("inherited")]
//> [1,2,["own"],false]
let o = Object.create(null); [typeof o.toString, Object.getPrototypeOf(o)]
//> ["undefined",null]
t(() => "" + Object.create(null))
//> "TypeError"
let o = Object.freeze({a: 1}); [t(() => { o.a = 2 }), t(() => { o.b = 2 }), t(() => delete o.a), Object.isFrozen(o), Object.isSealed(o), Object.isExtensible(o), o]
//> ["TypeError","TypeError","TypeError",true,true,false,{a:1}]
let o = Object.seal({a: 1}); [t(() => { o.a = 2 }), t(() => { o.b = 2 }), t(() => delete o.a), Object.isFrozen(o), Object.isSealed(o), o]
//> [undefined,"TypeError","TypeError",false,true,{a:2}]
let o = Object.preventExtensions({a: 1}); [t(() => { o.b = 2 }), delete o.a, o]
//> ["TypeError",true,{}]
let a = Object.freeze([1,2]); [t(() => a.push(3)), t(() => { a[0] = 5 }), t(() => a.pop()), t(() => a.sort()), a, Object.isFrozen(a)]
//> ["TypeError","TypeError","TypeError","TypeError",[1,2],true]
let o = {}; Object.defineProperty(o, "x", {value: 1}); [o.x, Object.keys(o), t(() => { o.x = 2 }), t(() => Object.defineProperty(o, "x", {value: 2})), Object.getOwnPropertyDescriptor(o, "x")]
//> [1,[],"TypeError","TypeError",{value:1,writable:false,enumerable:false,configurable:false}]
let o = {y: 5}; Object.defineProperty(o, "x", {get: method(self => self.y * 2), set: method((self, v) => { self.y = v })}); o.x = 7; [o.x, o.y, Object.getOwnPropertyDescriptor(o, "x").get === undefined]
//> [14,7,false]
let o = {}; Object.defineProperty(o, "x", {get: () => 1}); [o.x, t(() => { o.x = 5 })]
//> [1,"TypeError"]
t(() => Object.defineProperty({}, "x", {get: () => 1, value: 1}))
//> "TypeError"
t(() => Object.defineProperty({}, "x", 5))
//> "TypeError"
t(() => Object.defineProperty(5, "x", {}))
//> "TypeError"
let p = {}; Object.defineProperty(p, "x", {value: 1}); let o = Object.create(p); t(() => { o.x = 2 })
//> "TypeError"
let p = {}; let log = []; Object.defineProperty(p, "x", {set: method((self, v) => { log.push(self === o, v) })}); let o = Object.create(p); o.x = 5; [log, Object.keys(o)]
//> [[true,5],[]]
let o = {}; o.toString = () => "mine"; "" + o
//> "mine"
let o = {valueOf: () => 5}; o * 2
//> 10
let o = {[Symbol.toPrimitive]: h => h}; [1, o + "", +o]
//> [1,"default",NaN]
Object.getOwnPropertyDescriptors({a: 1})
//> {a:{value:1,writable:true,enumerable:true,configurable:true}}
Object.groupBy([1,2,3,4], x => x % 2 ? "odd" : "even")
//> {odd:[1,3],even:[2,4]}
Object.is(NaN, NaN) && !Object.is(0, -0)
//> true
let a = {}; let b = Object.create(a); t(() => Object.setPrototypeOf(a, b))
//> "TypeError"
let o = Object.setPrototypeOf({}, {x: 1}); o.x
//> 1
t(() => Object.setPrototypeOf(Object.freeze({}), {}))
//> "TypeError"
t(() => Object.setPrototypeOf({}, 5))
//> "TypeError"
Object.prototype.toString.call({[Symbol.toStringTag]: "X"})
//> "[object X]"
[new Object(5) + 1, typeof new Object("x"), new Object("xy").length, new Object("xy")[1], Object.keys(new Object("xy"))]
//> [6,"object",2,"y",["0","1"]]
({a: 1}).hasOwnProperty("a") && !({a: 1}).hasOwnProperty("toString")
//> true
Array.prototype.isPrototypeOf([]) && Object.prototype.isPrototypeOf([])
//> true
t(() => null.x)
//> "TypeError"
let o = {}; o.valueOf() === o
//> true
Object.getOwnPropertyNames("ab")
//> ["0","1","length"]
Object.getOwnPropertyNames([1])
//> ["0","length"]
Object.getOwnPropertySymbols({[Symbol.iterator]: 1})
//> [Symbol(Symbol.iterator)]
let a = [1,2,3]; Object.defineProperty(a, 1, {configurable: false}); [t(() => { a.length = 0 }), a]
//> ["TypeError",[1,2]]
let a = [1]; Object.defineProperty(a, "length", {writable: false}); [t(() => a.push(1)), t(() => { a[1] = 1 }), a]
//> ["TypeError","TypeError",[1]]
let a = [1]; Object.defineProperty(a, 3, {value: 5}); [a, a.length, Object.keys(a)]
//> [[1,,,5],4,["0"]]
Reflect.has([1], 0)
//> true
Reflect.ownKeys([1,,2])
//> ["0","2","length"]
Reflect.getPrototypeOf([]) === Array.prototype
//> true
Reflect.setPrototypeOf({}, null)
//> true
Reflect.defineProperty(Object.freeze({}), "x", {value: 1})
//> false
Reflect.get({x: 1}, "x")
//> 1
let o = {}; [Reflect.set(o, "x", 5), o]
//> [true,{x:5}]
let r = {}; [Reflect.set({}, "x", 5, r), r]
//> [true,{x:5}]
Reflect.construct(Array, [3])
//> [,,]
Reflect.construct(Array, [1, 2], Object)
//> [1,2]
Reflect.construct(Map, [[[1,2]]])
//> Map[[1,2]]
t(() => Reflect.construct(parse, []))
//> "ReferenceError"
t(() => Reflect.ownKeys(5))
//> "TypeError"
t(() => new Symbol())
//> "TypeError"
t(() => Symbol() + "")
//> "TypeError"
Symbol("x").toString() + Symbol("y").description + String(Symbol.for("z")) + Symbol.keyFor(Symbol.for("z"))
//> "Symbol(x)ySymbol(z)z"
Symbol.for("a") === Symbol.for("a")
//> true
Symbol.iterator.toString()
//> "Symbol(Symbol.iterator)"
Object(Symbol.iterator) == Symbol.iterator
//> true
new Number(5) + 1
//> 6
new Boolean(false) ? 1 : 2
//> 1
typeof new String("x")
//> "object"
new String("abc").length
//> 3
Object.keys(new String("ab"))
//> ["0","1"]
JSON.stringify([new Number(5), new String("x"), new Boolean(true)])
//> "[5,\"x\",true]"
(5).toString() + (true).toString() + (5n).toString() + "x".toString()
//> "5true5x"
(5).constructor === Number && "x".constructor === String && true.constructor === Boolean && (5n).constructor === BigInt
//> true
