let r = new RegExp("foo"); [t(() => "/foo/".startsWith(r)), t(() => "foo".includes(r)), t(() => "foo".endsWith(r))]
//> ["TypeError","TypeError","TypeError"]
let r = new RegExp("foo"); r[Symbol.match] = false; ["/foo/".startsWith(r), "/foo/".endsWith(r), "a/foo/b".includes(r)]
//> [true,true,true]
let r = new RegExp("foo"); r[Symbol.match] = undefined; t(() => "/foo/".startsWith(r))
//> "TypeError"
let o = {toString: () => "b", [Symbol.match]: true}; [t(() => "abc".includes(o)), t(() => "abc".startsWith(o, 1))]
//> ["TypeError","TypeError"]
let o = {toString: () => "b", [Symbol.match]: 0}; ["abc".includes(o), "abc".startsWith(o, 1), "ab".endsWith(o)]
//> [true,true,true]
let o = {get: 1}; [t(() => "x[object Object]".endsWith(o)), "x[object Object]".includes(o)]
//> [true,true]
t(() => "abc".replaceAll(new RegExp("b"), "x"))
//> "TypeError"
t(() => "abc".matchAll(new RegExp("b")))
//> "TypeError"
let r = new RegExp("b"); r[Symbol.match] = false; "abc".replaceAll(r, "x")
//> "axc"
let o = {[Symbol.match]: true, flags: "i", [Symbol.replace]: () => 7}; t(() => "abc".replaceAll(o, "x"))
//> "TypeError"
let o = {[Symbol.match]: true, flags: "gi", [Symbol.replace]: (s, by) => s + by}; "abc".replaceAll(o, "x")
//> "abcx"
let o = {[Symbol.match]: true, [Symbol.replace]: () => 7}; t(() => "abc".replaceAll(o, "x"))
//> "TypeError"
let o = {[Symbol.match]: true, flags: "g", [Symbol.matchAll]: s => s + "!"}; "abc".matchAll(o)
//> "abc!"
let log = []; let o = {toString: () => { log.push("text"); return "b"; }}; let m = "abc".includes(o); [m, log]
//> [true,["text"]]
[t(() => "a".startsWith()), "undefined".startsWith(), "".includes("")]
//> [false,true,true]
