/* What is called of the engine's, and what is known of this thread. */

#if defined(_MSC_VER)
#define THREAD_LOCAL __declspec(thread)
#define ONE_PER_THREAD
#else
#define THREAD_LOCAL _Thread_local
#define ONE_PER_THREAD __attribute__((noinline, const)) /* the same all through a call: found once */
#endif

typedef union { /* wasmtime_val_raw_t */
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint64_t words[2];
} Slot;

typedef struct { /* wasmtime_func_t */
    uint64_t store_id;
    uint64_t index;
} Func;

typedef struct { /* how the engine gets to a function of the guest's: see Func in runtime/capi.py */
    uint64_t store_id; /* what it calls, a Func */
    uint64_t index;
    uint64_t inner; /* where that is a catcher: the function that it calls */
    Py_ssize_t number;
} Route;

typedef struct { /* wasmtime_val_t */
    uint8_t kind;
    union {
        int32_t i32;
        uint64_t words[3];
    } of;
} Val;

static void *(*engine_call)(void *context, const Func *func, Slot *slots, size_t count, void **trap);
static void *(*engine_global_set)(void *context, const void *global, const Val *value);

static PyObject *bind(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long call, global_set;
    Py_ssize_t func_bytes, slot_bytes, val_bytes;
    if (!PyArg_ParseTuple(args, "KKnnn", &call, &global_set, &func_bytes, &slot_bytes, &val_bytes)) return NULL;
    if (func_bytes != sizeof(Func) || slot_bytes != sizeof(Slot) || val_bytes != sizeof(Val)) {
        PyErr_SetString(PyExc_ValueError, "the engine's structures are not those that this was made for");
        return NULL;
    }
    engine_call = (void *(*)(void *, const Func *, Slot *, size_t, void **))(uintptr_t)call;
    engine_global_set = (void *(*)(void *, const void *, const Val *))(uintptr_t)global_set;
    Py_RETURN_NONE;
}

static inline int is_none(PyObject *value) { return value == NULL || value == Py_None; }

/* Whether `value` is of a class that extends `base`. The first such class is looked for by its address, and so it is kept for good: this is
 * for classes of the run time, of which there are few. */
static inline int extends(PyObject *value, PyTypeObject *base, PyTypeObject **seen) {
    if (Py_IS_TYPE(value, *seen)) return 1;
    if (!PyObject_TypeCheck(value, base)) return 0;
    if (*seen == NULL) *seen = (PyTypeObject *)Py_NewRef((PyObject *)Py_TYPE(value));
    return 1;
}

/* ------------------------------------------------------------------------------------------------ what is known of this thread */

/* Whether there is no other thread in the process, be it one of Python's or not: nobody then who could want the interpreter while a guest
 * runs, or come to want it before this thread goes on. Only glibc tells, since 2.32. */
#if defined(__GLIBC__)
extern char __libc_single_threaded __attribute__((weak));
static inline int alone(void) { return &__libc_single_threaded != NULL && __libc_single_threaded; }
#else
static inline int alone(void) { return 0; }
#endif

/* A call into a guest that is going on. The interpreter was let go for it; a host function that the guest calls takes it back. */
typedef struct Call {
    struct Call *outer;
    struct Core *guest;
    PyThreadState *thread; /* NULL: there was nobody to let it go for */
} Call;

/* To let go of the interpreter and to take it back is a quarter of a short call. */
static inline void detach(Call *call) { call->thread = alone() ? NULL : PyEval_SaveThread(); }

static inline void attach(Call *call) {
    if (call->thread != NULL) PyEval_RestoreThread(call->thread);
}

typedef struct {
    int plain; /* nothing has to be looked at before a call */
    unsigned long ident;
    Call *innermost;
} Here;

static ONE_PER_THREAD Here *here(void) {
    static THREAD_LOCAL Here mine;
    return &mine;
}

static PyObject *set_plain(PyObject *Py_UNUSED(module), PyObject *value) {
    int truth = PyObject_IsTrue(value);
    if (truth < 0) return NULL;
    here()->plain = truth;
    here()->ident = PyThread_get_thread_ident();
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ what is known of the run time */

static PyObject *null_value;  /* JavaScript's null */
static PyObject *error_class; /* JavaScript's Error */
static PyObject *panic_class; /* PanicError */
static PyObject *spoken;      /* bytes: how what a panic says begins */

static PyObject *know(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *null, *error, *panic, *begin;
    if (!PyArg_ParseTuple(args, "OO!O!S", &null, &PyType_Type, &error, &PyType_Type, &panic, &begin)) return NULL;
    Py_XSETREF(null_value, Py_NewRef(null));
    Py_XSETREF(error_class, Py_NewRef(error));
    Py_XSETREF(panic_class, Py_NewRef(panic));
    Py_XSETREF(spoken, Py_NewRef(begin));
    Py_RETURN_NONE;
}

static PyObject *str_door, *str_failed, *str_leave, *str_refresh, *str_unwind, *str_stopped, *str_frombytes, *str_handle, *str_free, *str_drop,
    *str_stale, *str_raise, *str_message, *str_realm, *str_runner, *str_companion, *str_take, *str_panicked;

static const struct {
    PyObject **place;
    const char *text;
} NAMES[] = {
    {&str_door, "_bp_door"},     {&str_failed, "failed"},   {&str_leave, "leave"},
    {&str_refresh, "_refresh"},  {&str_unwind, "unwind"},   {&str_stopped, "stopped"},
    {&str_handle, "handle"},     {&str_frombytes, "frombytes"}, {&str_free, "_bp_free"},
    {&str_drop, "_bp_drop"},     {&str_stale, "_bp_stale"}, {&str_raise, "raise"},
    {&str_message, "message"},   {&str_realm, "realm"},     {&str_runner, "_runner"},
    {&str_companion, "_companion"}, {&str_take, "_take"},
    {&str_panicked, "panicked"},
};
