new Error("x").message
//> "x"
[new Error().message, new Error().hasOwnProperty("message"), new Error("m").hasOwnProperty("message"), new Error("m").name, new Error("m").hasOwnProperty("name")]
//> ["",false,true,"Error",false]
String(new TypeError("bad")) + Error("x") + RangeError()
//> "TypeError: badError: xRangeError"
new Error("x", {cause: 5}).cause
//> 5
new Error("x", {}).hasOwnProperty("cause")
//> false
new TypeError("x") instanceof Error && new TypeError("x") instanceof TypeError && !(new TypeError("x") instanceof RangeError)
//> true
Object.getPrototypeOf(TypeError) === Error
//> true
Object.getPrototypeOf(TypeError.prototype) === Error.prototype
//> true
TypeError.prototype.name + TypeError.prototype.message + TypeError.prototype.toString()
//> "TypeErrorTypeError"
new TypeError("x").constructor === TypeError
//> true
let e = new AggregateError([1, new Error("x")], "many"); [e.errors, e.message, e.name]
//> [[1,[Error]],"many","AggregateError"]
let e = new Error("x"); e.code = 5; e.name = "Mine"; [e.code, String(e), Object.keys(e), JSON.stringify(e)]
//> [5,"Mine: x",["code","name"],"{\"code\":5,\"name\":\"Mine\"}"]
Error.prototype.toString.call({name: "N", message: "M"})
//> "N: M"
Error.prototype.toString.call({})
//> "Error"
t(() => Error.prototype.toString.call(5))
//> "TypeError"
typeof new Error("x").stack
//> "string"
[Error.length, TypeError.length, AggregateError.length, TypeError.name]
//> [1,1,2,"TypeError"]
let e = new Error("x"); e.message = "y"; delete e.name; [e.message, e.name]
//> ["y","Error"]
Object.getOwnPropertyDescriptor(new Error("x"), "message")
//> {value:"x",writable:true,enumerable:false,configurable:true}
let e = new Error("x", {cause: 1}); [Object.getOwnPropertyDescriptor(e, "cause").enumerable, Object.keys(e)]
//> [false,[]]
let o = {}; Error.captureStackTrace(o); typeof o.stack
//> "string"
Object.prototype.toString.call(new TypeError("x"))
//> "[object Error]"
JSON.parse('{"a":[1,null,{"b":true}]}')
//> {a:[1,null,{b:true}]}
JSON.parse('[1,2,{"a":5}]', (k, v) => typeof v === "number" ? v * 2 : v)
//> [2,4,{a:10}]
JSON.parse('{"a":1,"b":2}', (k, v) => k === "a" ? undefined : v)
//> {b:2}
JSON.parse('{"a":1}', (k, v) => k)
//> ""
t(() => JSON.parse("{"))
//> "SyntaxError"
JSON.stringify({a: [1, {b: 2}], c: "x"}, null, 2)
//> "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": \"x\"\n}"
JSON.stringify([1, [], {}, [2]], null, "--")
//> "[\n--1,\n--[],\n--{},\n--[\n----2\n--]\n]"
JSON.stringify({a: 1, b: 2, c: {a: 3, d: 4}}, ["a", "c"])
//> "{\"a\":1,\"c\":{\"a\":3}}"
JSON.stringify({a: 1, b: [1, 2]}, (k, v) => typeof v === "number" ? v + 1 : v)
//> "{\"a\":2,\"b\":[2,3]}"
JSON.stringify({a: 1, b: 2}, (k, v) => k === "a" ? undefined : v)
//> "{\"b\":2}"
JSON.stringify({a: undefined, b: () => 1, c: Symbol("x"), d: NaN, e: null, f: -0})
//> "{\"d\":null,\"e\":null,\"f\":0}"
JSON.stringify([undefined, () => 1, Symbol("x")])
//> "[null,null,null]"
JSON.stringify({toJSON: k => "k" + k})
//> "\"k\""
JSON.stringify({a: {toJSON: k => "k" + k}})
//> "{\"a\":\"ka\"}"
t(() => JSON.stringify(5n))
//> "TypeError"
let o = {}; o.o = o; t(() => JSON.stringify(o))
//> "TypeError"
JSON.stringify("\u2028\ud800")
//> "\"\u2028\\ud800\""
JSON.stringify({a: 1}, null, 20)
//> "{\n          \"a\": 1\n}"
JSON.stringify({a: 1}, null, "")
//> "{\"a\":1}"
JSON.stringify(undefined) === undefined && JSON.stringify(() => 1) === undefined
//> true
JSON.stringify(new Map([[1, 2]]))
//> "{}"
JSON.stringify(Object.create({a: 1}, {b: {value: 1}, c: {value: 2, enumerable: true}}))
//> "{\"c\":2}"
JSON.stringify({5: 1, a: 2, 1: 3})
//> "{\"1\":3,\"5\":1,\"a\":2}"
Object.prototype.toString.call(JSON)
//> "[object JSON]"
[JSON.parse.length, JSON.stringify.length, JSON.parse.name]
//> [2,3,"parse"]
(() => 1).call(null)
//> 1
((a, b) => a + b).apply(null, [1, 2])
//> 3
let F = Array.bind(null, 5); [new F(6), new F() instanceof F]
//> [[5,6],true]
t(() => Function.prototype.call.call(5))
//> "TypeError"
t(() => (() => 1).apply(null, 5))
//> "TypeError"
[].push.call.length + Function.prototype.bind.length + Function.prototype.apply.length
//> 4
Function.prototype.toString.call([].push)
//> "function push() { [native code] }"
(() => 1) instanceof Function && Array instanceof Function && Function instanceof Object
//> true
Object.getPrototypeOf(() => 1) === Function.prototype
//> true
Array[Symbol.hasInstance]([])
//> true
[] instanceof {[Symbol.hasInstance]: x => true}
//> true
typeof Function.prototype.call
//> "function"
((x => x).constructor) === Function
//> true
let o = {f: method(self => self.x), x: 5}; [o.f(), Reflect.apply(o.f, {x: 6}, [])]
//> [5,6]
Boolean([]) && Boolean("x") && !Boolean(0)
//> true
Number("12") + Number(true) + Number(5n)
//> 18
BigInt("0x10") + BigInt(2)
//> 18n
String(Symbol("x")) + String([1, [2]]) + String(null)
//> "Symbol(x)1,2null"
t(() => Symbol("x") + "")
//> "TypeError"
t(() => new BigInt(1))
//> "TypeError"
[Boolean.length, Number.length, String.length, Symbol.length, BigInt.length]
//> [1,1,1,0,1]
Object.getOwnPropertyDescriptor(Symbol, "iterator").writable
//> false
[Symbol.prototype[Symbol.toStringTag], BigInt.prototype[Symbol.toStringTag]]
//> ["Symbol","BigInt"]
t(() => Number.prototype.valueOf.call("x"))
//> "TypeError"
t(() => Symbol.keyFor("x"))
//> "TypeError"
Symbol.keyFor(Symbol("x"))
//> undefined
Object(1n) + 1n
//> 2n
Object("x") == "x"
//> true
new Number(3) - new Number(1)
//> 2
[5, 1].sort().constructor.name
//> "Array"
Object(5).constructor === Number
//> true
"abc".length + "abc"[1]
//> "3b"
Object.getPrototypeOf(5) === Number.prototype
//> true
Object.getPrototypeOf(Symbol()) === Symbol.prototype
//> true
t(() => { let s = "abc"; s.x = 5 })
//> "TypeError"
t(() => { let n = 5; n.x = 5 })
//> "TypeError"
[1, 2, 3].toString() + ({}).toString() + (() => 1).name
//> "1,2,3[object Object]"
let o = {a: 1}; o[Symbol.iterator] = 5; [Object.keys(o), Reflect.ownKeys(o).length]
//> [["a"],2]
