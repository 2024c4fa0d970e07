let log = []; let s = new DisposableStack(); s.defer(() => { log.push(1) }); s.adopt(5, v => { log.push(v) }); s.use({[Symbol.dispose]: () => { log.push("used") }}); s.dispose(); s.dispose(); [log, s.disposed]
//> [["used",5,1],true]
let s = new DisposableStack(); s.dispose(); [t(() => s.use(null)), t(() => s.defer(() => 1)), t(() => s.move())]
//> ["ReferenceError","ReferenceError","ReferenceError"]
let s = new DisposableStack(); [s.use(null), t(() => s.use(5)), t(() => s.use({})), t(() => s.adopt(1, 2)), s.adopt(7, () => 1)]
//> [null,"TypeError","TypeError","TypeError",7]
let log = []; let s = new DisposableStack(); s.defer(() => { log.push(1) }); let m = s.move(); [s.disposed, m.disposed, m === s, log]
//> [true,false,false,[]]
let s = new DisposableStack(); s.defer(() => { throw "a" }); s.defer(() => { throw "b" }); let e = t(() => s.dispose()); e
//> "SuppressedError"
let s = new DisposableStack(); s.defer(() => { throw "a" }); t(() => s.dispose())
//> "a"
Object.prototype.toString.call(new DisposableStack()) + Object.prototype.toString.call(new AsyncDisposableStack())
//> "[object DisposableStack][object AsyncDisposableStack]"
DisposableStack.prototype[Symbol.dispose] === DisposableStack.prototype.dispose
//> true
t(() => DisposableStack())
//> "TypeError"
t(() => DisposableStack.prototype.use.call({}, 1))
//> "TypeError"
let e = new SuppressedError(1, 2, "m"); [e.error, e.suppressed, e.message, e.name, Object.keys(e), e instanceof Error]
//> [1,2,"m","SuppressedError",[],true]
[SuppressedError.length, DisposableStack.length, DisposableStack.prototype.adopt.length, DisposableStack.prototype.use.length]
//> [3,0,2,1]
typeof AsyncDisposableStack.prototype.disposeAsync
//> "function"
