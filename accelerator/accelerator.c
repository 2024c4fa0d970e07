/* The call path of bindgen-patch in C: an ordinary call from its first check to its last, and nothing else.
 *
 * Whatever is not ordinary is declined, before anything has happened, and the Python code that is being sped up does it: a call in
 * the middle of another, an instance that is dead, due, or has something to see to, an argument that has to be converted or refused.
 * What goes wrong once the guest runs is handed to the same Python code that judges it everywhere else. So there is one meaning,
 * and it is written in Python; `Gate` and `Core` are the fields of `Guard` and `Guest` that have to be read quickly.
 *
 * The engine is reached by the addresses of its functions (`bind`): nothing is linked against it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <structmember.h>

#define ABI_VERSION 1 /* what `bindgen_patch/accelerator.py` asks for */

#if defined(_MSC_VER)
#define THREAD_LOCAL __declspec(thread)
#else
#define THREAD_LOCAL _Thread_local
#endif

/* ------------------------------------------------------------------------------------------------ the engine */

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

static void *(*engine_call)(void *context, const Func *func, Slot *slots, size_t count, void **trap);

static PyObject *bind(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long call;
    Py_ssize_t func_bytes, slot_bytes;
    if (!PyArg_ParseTuple(args, "Knn", &call, &func_bytes, &slot_bytes)) return NULL;
    if (func_bytes != sizeof(Func) || slot_bytes != sizeof(Slot)) {
        PyErr_SetString(PyExc_ValueError, "the engine's structures are not those that this was made for");
        return NULL;
    }
    engine_call = (void *(*)(void *, const Func *, Slot *, size_t, void **))(uintptr_t)call;
    Py_RETURN_NONE;
}

static PyObject *str_door, *str_failed, *str_leave, *str_refresh, *str_guest, *str_pointer, *str_unwind, *str_stopped, *str_frombytes;

/* ------------------------------------------------------------------------------------------------ what is known of this thread */

static THREAD_LOCAL int thread_is_plain;

static PyObject *set_plain(PyObject *Py_UNUSED(module), PyObject *value) {
    int truth = PyObject_IsTrue(value);
    if (truth < 0) return NULL;
    thread_is_plain = truth;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ RLock */

typedef struct {
    PyObject_HEAD
    PyThread_type_lock lock;
    unsigned long owner; /* 0: nobody */
    Py_ssize_t count;
} Lock;

static PyTypeObject LockType;

static PyObject *lock_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs)) {
    Lock *self = (Lock *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->lock = PyThread_allocate_lock();
    if (self->lock == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void lock_dealloc(Lock *self) {
    if (self->lock != NULL) {
        if (self->count) PyThread_release_lock(self->lock);
        PyThread_free_lock(self->lock);
    }
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int lock_try(Lock *self) {
    if (!PyThread_acquire_lock(self->lock, NOWAIT_LOCK)) return 0;
    self->owner = PyThread_get_thread_ident();
    self->count = 1;
    return 1;
}

static void lock_drop(Lock *self) {
    if (--self->count == 0) {
        self->owner = 0;
        PyThread_release_lock(self->lock);
    }
}

static double monotonic(void) {
#if PY_VERSION_HEX >= 0x030D0000
    PyTime_t now;
    return PyTime_MonotonicRaw(&now) < 0 ? 0 : PyTime_AsSecondsDouble(now);
#else
    return (double)_PyTime_GetMonotonicClock() * 1e-9;
#endif
}

/* 1: it is ours; 0: not within `seconds` (negative: for ever); -1: a signal handler raised. */
static int lock_wait(Lock *self, double seconds) {
    if (self->owner == PyThread_get_thread_ident()) {
        self->count++;
        return 1;
    }
    if (lock_try(self)) return 1;
    if (seconds == 0) return 0;
    double end = seconds < 0 ? 0 : monotonic() + seconds;
    for (;;) {
        PyLockStatus status;
        PY_TIMEOUT_T left = -1;
        if (seconds >= 0) {
            double rest = end - monotonic();
            if (rest <= 0) return 0;
            left = (PY_TIMEOUT_T)(rest * 1e6) + 1;
        }
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(self->lock, left, 1);
        Py_END_ALLOW_THREADS
        if (status == PY_LOCK_ACQUIRED) {
            self->owner = PyThread_get_thread_ident();
            self->count = 1;
            return 1;
        }
        if (status == PY_LOCK_FAILURE && seconds >= 0) return 0;
        if (status == PY_LOCK_INTR && Py_MakePendingCalls() < 0) return -1;
    }
}

static PyObject *lock_acquire(Lock *self, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"blocking", "timeout", NULL};
    int blocking = 1;
    double timeout = -1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|pd:acquire", names, &blocking, &timeout)) return NULL;
    if (timeout > 1e9) timeout = -1;
    int got = lock_wait(self, blocking ? timeout : 0);
    return got < 0 ? NULL : PyBool_FromLong(got);
}

static PyObject *lock_enter(Lock *self, PyObject *Py_UNUSED(ignored)) {
    return lock_wait(self, -1) < 0 ? NULL : Py_NewRef(Py_True);
}

static PyObject *lock_release(Lock *self, PyObject *Py_UNUSED(ignored)) {
    if (self->owner != PyThread_get_thread_ident()) {
        PyErr_SetString(PyExc_RuntimeError, "cannot release un-acquired lock");
        return NULL;
    }
    lock_drop(self);
    Py_RETURN_NONE;
}

static PyObject *lock_exit(Lock *self, PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(count)) {
    return lock_release(self, NULL);
}

static PyObject *lock_is_owned(Lock *self, PyObject *Py_UNUSED(ignored)) {
    return PyBool_FromLong(self->owner == PyThread_get_thread_ident());
}

static PyMethodDef lock_methods[] = {
    {"acquire", (PyCFunction)(void (*)(void))lock_acquire, METH_VARARGS | METH_KEYWORDS, NULL},
    {"release", (PyCFunction)lock_release, METH_NOARGS, NULL},
    {"__enter__", (PyCFunction)lock_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)(void (*)(void))lock_exit, METH_FASTCALL, NULL},
    {"_is_owned", (PyCFunction)lock_is_owned, METH_NOARGS, NULL},
    {NULL},
};

static PyTypeObject LockType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.RLock",
    .tp_doc = "threading.RLock, whose owner C code can see.",
    .tp_basicsize = sizeof(Lock),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = lock_new,
    .tp_dealloc = (destructor)lock_dealloc,
    .tp_methods = lock_methods,
};

/* ------------------------------------------------------------------------------------------------ Gate: fields of a Guard */

typedef struct {
    PyObject_HEAD
    PyObject *rlock; /* a Lock, or anything, then every call is declined */
    PyObject *guest;
    char ready, due, limited;
    unsigned long long calls;
} Gate;

static PyTypeObject GateType;

static int gate_traverse(Gate *self, visitproc visit, void *arg) {
    Py_VISIT(self->rlock);
    Py_VISIT(self->guest);
    return 0;
}

static int gate_clear(Gate *self) {
    Py_CLEAR(self->rlock);
    Py_CLEAR(self->guest);
    return 0;
}

static void gate_dealloc(Gate *self) {
    PyObject_GC_UnTrack(self);
    gate_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMemberDef gate_members[] = {
    {"_rlock", T_OBJECT, offsetof(Gate, rlock), 0, NULL},
    {"_guest", T_OBJECT, offsetof(Gate, guest), 0, NULL},
    {"_ready", T_BOOL, offsetof(Gate, ready), 0, NULL},
    {"_due", T_BOOL, offsetof(Gate, due), 0, NULL},
    {"_limited", T_BOOL, offsetof(Gate, limited), 0, NULL},
    {"_calls", T_ULONGLONG, offsetof(Gate, calls), 0, NULL},
    {NULL},
};

static PyTypeObject GateType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Gate",
    .tp_doc = "The fields of a Guard that every call reads.",
    .tp_basicsize = sizeof(Gate),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)gate_dealloc,
    .tp_traverse = (traverseproc)gate_traverse,
    .tp_clear = (inquiry)gate_clear,
    .tp_members = gate_members,
};

/* ------------------------------------------------------------------------------------------------ Core: fields of a Guest */

typedef struct {
    PyObject_HEAD
    PyObject *death, *garbage, *bounds, *last_words, *frames, *lent;
    unsigned long long context, base, size, flag_at;
    unsigned long long result;
    Func *funcs; /* by number of the export; store_id 0: not looked up yet */
    Py_ssize_t count;
} Core;

static PyTypeObject CoreType;

static int core_traverse(Core *self, visitproc visit, void *arg) {
    Py_VISIT(self->death);
    Py_VISIT(self->garbage);
    Py_VISIT(self->bounds);
    Py_VISIT(self->last_words);
    Py_VISIT(self->frames);
    Py_VISIT(self->lent);
    return 0;
}

static int core_clear(Core *self) {
    Py_CLEAR(self->death);
    Py_CLEAR(self->garbage);
    Py_CLEAR(self->bounds);
    Py_CLEAR(self->last_words);
    Py_CLEAR(self->frames);
    Py_CLEAR(self->lent);
    return 0;
}

static void core_dealloc(Core *self) {
    PyObject_GC_UnTrack(self);
    core_clear(self);
    PyMem_Free(self->funcs);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *core_bind(Core *self, PyObject *args) {
    Py_ssize_t number;
    Func func;
    if (!PyArg_ParseTuple(args, "nKK", &number, &func.store_id, &func.index)) return NULL;
    if (number < 0 || number > 1 << 24) {
        PyErr_SetString(PyExc_ValueError, "no such export");
        return NULL;
    }
    if (number >= self->count) {
        Py_ssize_t count = number + 16;
        Func *funcs = PyMem_Realloc(self->funcs, count * sizeof(Func));
        if (funcs == NULL) return PyErr_NoMemory();
        memset(funcs + self->count, 0, (count - self->count) * sizeof(Func));
        self->funcs = funcs;
        self->count = count;
    }
    self->funcs[number] = func;
    Py_RETURN_NONE;
}

static PyObject *core_unbind(Core *self, PyObject *Py_UNUSED(ignored)) {
    memset(self->funcs, 0, self->count * sizeof(Func));
    self->context = self->base = self->size = self->flag_at = 0;
    Py_RETURN_NONE;
}

static PyMemberDef core_members[] = {
    {"death", T_OBJECT, offsetof(Core, death), 0, NULL},
    {"garbage", T_OBJECT, offsetof(Core, garbage), 0, NULL},
    {"bounds", T_OBJECT, offsetof(Core, bounds), 0, NULL},
    {"last_words", T_OBJECT, offsetof(Core, last_words), 0, NULL},
    {"frames", T_OBJECT, offsetof(Core, frames), 0, NULL},
    {"lent", T_OBJECT, offsetof(Core, lent), 0, NULL},
    {"_context", T_ULONGLONG, offsetof(Core, context), 0, NULL},
    {"_base", T_ULONGLONG, offsetof(Core, base), 0, NULL},
    {"_size", T_ULONGLONG, offsetof(Core, size), 0, NULL},
    {"_flag_at", T_ULONGLONG, offsetof(Core, flag_at), 0, NULL},
    {"result", T_ULONGLONG, offsetof(Core, result), 0, NULL},
    {NULL},
};

static PyMethodDef core_methods[] = {
    {"_bind", (PyCFunction)core_bind, METH_VARARGS, NULL},
    {"_unbind", (PyCFunction)core_unbind, METH_NOARGS, NULL},
    {NULL},
};

static PyTypeObject CoreType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Core",
    .tp_doc = "The fields of a Guest that every call reads.",
    .tp_basicsize = sizeof(Core),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)core_dealloc,
    .tp_traverse = (traverseproc)core_traverse,
    .tp_clear = (inquiry)core_clear,
    .tp_members = core_members,
    .tp_methods = core_methods,
};

static inline int is_none(PyObject *value) { return value == NULL || value == Py_None; }

/* Everything is in order: what Guest.troubled() asks, and that no call has left anything behind. */
static inline int is_calm(Core *guest) {
    if (!thread_is_plain || !is_none(guest->death) || !is_none(guest->frames) || !is_none(guest->last_words) || !guest->context) return 0;
    if (guest->lent == NULL || !PyList_CheckExact(guest->lent) || PyList_GET_SIZE(guest->lent)) return 0;
    if (guest->bounds == NULL || !PyList_CheckExact(guest->bounds) || PyList_GET_SIZE(guest->bounds)) return 0;
    if (guest->garbage == NULL || PyObject_Size(guest->garbage)) return 0;
    return !guest->flag_at || *(volatile uint32_t *)(uintptr_t)guest->flag_at == 0;
}

/* Room for a call that failed: what the engine gave, an error or a trap. */
typedef struct {
    void *error, *trap;
} Outcome;

static PyObject *watcher; /* of tests */

static PyObject *watch(PyObject *Py_UNUSED(module), PyObject *function) {
    Py_XSETREF(watcher, function == Py_None ? NULL : Py_NewRef(function));
    Py_RETURN_NONE;
}

/* `change`: 1 when an Export has let itself in, -1 when it is about to leave, 0 when wasm code is about to be called. */
static void tell_watcher(Core *guest, int change) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *done = PyObject_CallFunction(watcher, "Ki", guest->context, change);
    if (done == NULL) PyErr_WriteUnraisable(watcher);
    Py_XDECREF(done);
    PyErr_Restore(type, value, traceback);
}

/* Run a function of the guest's, without the GIL: it may take long, and other threads may want to stop it. */
static inline Outcome run(Core *guest, const Func *func, Slot *slots, size_t count) {
    Outcome outcome = {NULL, NULL};
    if (watcher != NULL) tell_watcher(guest, 0);
    void *context = (void *)(uintptr_t)guest->context;
    PyThreadState *thread = PyEval_SaveThread();
    outcome.error = engine_call(context, func, slots, count, &outcome.trap);
    PyEval_RestoreThread(thread);
    return outcome;
}

/* Have Python judge what came of a call that did not return; it raises. `wanted`: how many bytes the allocator was asked for, or -1. */
static void judge(PyObject *guest, Outcome outcome, Py_ssize_t wanted) {
    PyObject *result = PyObject_CallMethod(
        guest, wanted < 0 ? "_fallen" : "_malloc_failed", wanted < 0 ? "NN" : "NNn",
        outcome.error ? PyLong_FromVoidPtr(outcome.error) : Py_NewRef(Py_None),
        outcome.trap ? PyLong_FromVoidPtr(outcome.trap) : Py_NewRef(Py_None), wanted);
    if (result != NULL) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_SystemError, "a call that failed was not judged");
    }
}

/* The guest broke the protocol. */
static void violation(PyObject *guest, const char *format, unsigned long long a, unsigned long long b) {
    char text[120];
    PyOS_snprintf(text, sizeof text, format, a, b);
    PyObject *death = PyObject_CallMethod(guest, "violation", "s", text);
    if (death != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(death), death);
        Py_DECREF(death);
    }
}

/* The host address of `size` bytes of guest memory, or NULL with an exception. */
static char *reach(PyObject *object, uint32_t address, uint64_t size) {
    Core *guest = (Core *)object;
    if ((uint64_t)address + size > guest->size) {
        PyObject *done = PyObject_CallMethodNoArgs(object, str_refresh); /* it may have grown */
        if (done == NULL) return NULL;
        Py_DECREF(done);
        if ((uint64_t)address + size > guest->size) {
            char where[64];
            PyOS_snprintf(where, sizeof where, "%#x", address);
            PyObject *death = PyObject_CallMethod(
                object, "violation", "N",
                PyUnicode_FromFormat("%llu bytes at %s are outside the guest's memory of %llu bytes", (unsigned long long)size, where,
                                     guest->size));
            if (death != NULL) {
                PyErr_SetObject((PyObject *)Py_TYPE(death), death);
                Py_DECREF(death);
            }
            return NULL;
        }
    }
    return (char *)(uintptr_t)guest->base + address;
}

enum { MALLOC, FREE }; /* numbers of the exports that the run time calls itself */

/* Allocate in the guest: the address, and where that is in the host; 0 with an exception. */
static uint32_t allocate(PyObject *object, uint64_t size, uint32_t align, char **place) {
    Core *guest = (Core *)object;
    if (size > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "more bytes than a guest has addresses");
        return 0;
    }
    Slot slots[2];
    slots[0].i32 = (int32_t)size;
    slots[1].i32 = (int32_t)align;
    Outcome outcome = run(guest, &guest->funcs[MALLOC], slots, 2);
    if (outcome.error || outcome.trap) {
        judge(object, outcome, (Py_ssize_t)size);
        return 0;
    }
    uint32_t address = (uint32_t)slots[0].i32;
    if (address == 0) {
        violation(object, "the guest's allocator returned a null pointer", 0, 0);
        return 0;
    }
    *place = reach(object, address, size);
    return *place == NULL ? 0 : address;
}

/* Give memory back to the guest; -1 with an exception. */
static int release(PyObject *object, uint32_t address, uint32_t size, uint32_t align) {
    if (!size) return 0;
    Core *guest = (Core *)object;
    Slot slots[3];
    slots[0].i32 = (int32_t)address;
    slots[1].i32 = (int32_t)size;
    slots[2].i32 = (int32_t)align;
    Outcome outcome = run(guest, &guest->funcs[FREE], slots, 3);
    if (outcome.error || outcome.trap) {
        judge(object, outcome, -1);
        return -1;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------ Words: a call of words, for Python code */

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *guest;
    Func func;
    char params[16];
    int count;
    char result;
} Words;

static inline int store_word(Slot *slot, char letter, PyObject *word) {
    switch (letter) {
        case 'i':
            slot->i32 = (int32_t)PyLong_AsUnsignedLongMask(word);
            break;
        case 'l':
            slot->i64 = (int64_t)PyLong_AsUnsignedLongLongMask(word);
            break;
        case 'f':
            slot->f32 = (float)PyFloat_AsDouble(word);
            break;
        default:
            slot->f64 = PyFloat_AsDouble(word);
    }
    return PyErr_Occurred() ? -1 : 0;
}

static inline PyObject *load_word(const Slot *slot, char letter) {
    switch (letter) {
        case 'i':
            return PyLong_FromLong(slot->i32);
        case 'l':
            return PyLong_FromLongLong(slot->i64);
        case 'f':
            return PyFloat_FromDouble(slot->f32);
        default:
            return PyFloat_FromDouble(slot->f64);
    }
}

static PyTypeObject WordsType;

static PyObject *words_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    Words *self = (Words *)callable;
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    if (count != self->count || (kwnames != NULL && PyTuple_GET_SIZE(kwnames))) {
        PyErr_Format(PyExc_TypeError, "a function of %d words was called with %zd", self->count, count);
        return NULL;
    }
    Core *guest = (Core *)self->guest;
    Slot slots[16];
    for (int k = 0; k < self->count; k++)
        if (store_word(&slots[k], self->params[k], args[k]) < 0) return NULL;
    if (guest == NULL || !guest->context) {
        PyErr_SetString(PyExc_RuntimeError, "the instance is gone");
        return NULL;
    }
    PyObject *kept = Py_NewRef(self->guest);
    Outcome outcome = run(guest, &self->func, slots, self->count ? self->count : 1);
    PyObject *result = NULL;
    if (outcome.error || outcome.trap)
        judge(kept, outcome, -1);
    else
        result = self->result ? load_word(&slots[0], self->result) : Py_NewRef(Py_None);
    Py_DECREF(kept);
    return result;
}

static PyObject *words_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *guest;
    Func func;
    const char *signature;
    if (!PyArg_ParseTuple(args, "O!KKs", &CoreType, &guest, &func.store_id, &func.index, &signature)) return NULL;
    const char *colon = strchr(signature, ':');
    if (colon == NULL || colon - signature > 16) {
        PyErr_SetString(PyExc_ValueError, "no signature of at most 16 words");
        return NULL;
    }
    Words *self = (Words *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->call = words_call;
    self->guest = Py_NewRef(guest);
    self->func = func;
    self->count = (int)(colon - signature);
    memcpy(self->params, signature, self->count);
    self->result = colon[1];
    return (PyObject *)self;
}

static int words_traverse(Words *self, visitproc visit, void *arg) {
    Py_VISIT(self->guest);
    return 0;
}

static int words_clear(Words *self) {
    Py_CLEAR(self->guest);
    return 0;
}

static void words_dealloc(Words *self) {
    PyObject_GC_UnTrack(self);
    words_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyTypeObject WordsType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Words",
    .tp_doc = "A function of a guest's: words in, a word out. The same as what caller_factory() makes in Python.",
    .tp_basicsize = sizeof(Words),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_HAVE_GC,
    .tp_dealloc = (destructor)words_dealloc,
    .tp_traverse = (traverseproc)words_traverse,
    .tp_clear = (inquiry)words_clear,
    .tp_new = words_new,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(Words, call),
};

/* ------------------------------------------------------------------------------------------------ Export: a whole call */

typedef enum { INT, I64, U64, F32, F64, BOOL, STRING, NUMBERS } Kind;

typedef struct {
    Kind kind;
    long long low, high; /* of an INT */
    char code;           /* of NUMBERS: the format of an element */
    int width;
} Type;

#define MOST 12

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *original; /* the Python function that this does sooner */
    PyObject *dict;
    Py_ssize_t number;
    Type params[MOST];
    int count;
    enum { METHOD, CONSTRUCTOR, FUNCTION } role;
    int fallible, record, nothing, allocates, frees;
    Type result;
    PyObject *array; /* what is made of numbers, called with their format */
} Export;

/* An argument that is checked, and not yet in the guest. */
typedef struct {
    const char *data;
    Py_ssize_t bytes, items;
    PyObject *owner; /* keeps `data`, or is the list whose items are to be stored */
    Py_buffer view;
    int is_list, has_view;
} Taken;

static const struct {
    const char *name;
    Type type;
} TYPES[] = {
    {"u8", {INT, 0, UINT8_MAX}},          {"i8", {INT, INT8_MIN, INT8_MAX}},   {"u16", {INT, 0, UINT16_MAX}},
    {"i16", {INT, INT16_MIN, INT16_MAX}}, {"u32", {INT, 0, UINT32_MAX}},       {"i32", {INT, INT32_MIN, INT32_MAX}},
    {"i64", {I64}},                       {"u64", {U64}},                      {"f32", {F32}},
    {"f64", {F64}},                       {"bool", {BOOL}},                    {"str", {STRING}},
    {"[B]", {NUMBERS, 0, UINT8_MAX, 'B', 1}},  {"[b]", {NUMBERS, INT8_MIN, INT8_MAX, 'b', 1}},
    {"[H]", {NUMBERS, 0, UINT16_MAX, 'H', 2}}, {"[h]", {NUMBERS, INT16_MIN, INT16_MAX, 'h', 2}},
    {"[I]", {NUMBERS, 0, UINT32_MAX, 'I', 4}}, {"[i]", {NUMBERS, INT32_MIN, INT32_MAX, 'i', 4}},
    {"[Q]", {NUMBERS, 0, 0, 'Q', 8}},          {"[q]", {NUMBERS, INT64_MIN, INT64_MAX, 'q', 8}},
    {"[f]", {NUMBERS, 0, 0, 'f', 4}},          {"[d]", {NUMBERS, 0, 0, 'd', 8}},
};

static int find_type(const char *name, Type *type) {
    for (size_t k = 0; k < sizeof TYPES / sizeof *TYPES; k++)
        if (strcmp(TYPES[k].name, name) == 0) {
            *type = TYPES[k].type;
            return 1;
        }
    return 0;
}

/* Whether elements that their exporter calls `format` are those of `code`. */
static int same_format(const char *format, char code, Py_ssize_t width, Py_ssize_t itemsize) {
    static const char *const SAME[] = {"BBc?", "bb", "HH", "hh", "IIL", "iil", "QQLN", "qqln", "ff", "dd"};
    if (format == NULL) return code == 'B';
    while (*format == '@' || *format == '=' || *format == '<') format++;
    if (!format[0] || format[1] || itemsize != width) return 0;
    for (size_t k = 0; k < sizeof SAME / sizeof *SAME; k++)
        if (SAME[k][0] == code) return strchr(SAME[k] + 1, format[0]) != NULL;
    return 0;
}

static int whole(PyObject *value, long long low, long long high, long long *number) {
    if (!PyLong_CheckExact(value)) return 0;
    int overflow;
    *number = PyLong_AsLongLongAndOverflow(value, &overflow);
    return !overflow && low <= *number && *number <= high;
}

/* Check an argument: 1, or 0 when Python has to look at it. Nothing has happened in either case; no exception is set. */
static int take(const Type *type, PyObject *value, Slot *slot, Taken *taken) {
    long long number;
    switch (type->kind) {
        case INT:
            if (!whole(value, type->low, type->high, &number)) return 0;
            slot->i32 = (int32_t)number;
            return 1;
        case I64:
            if (!whole(value, INT64_MIN, INT64_MAX, &number)) return 0;
            slot->i64 = number;
            return 1;
        case U64: {
            if (!PyLong_CheckExact(value)) return 0;
            unsigned long long word = PyLong_AsUnsignedLongLong(value);
            if (word == (unsigned long long)-1 && PyErr_Occurred()) {
                PyErr_Clear();
                return 0;
            }
            slot->i64 = (int64_t)word;
            return 1;
        }
        case F32:
        case F64: {
            double real;
            if (PyFloat_CheckExact(value))
                real = PyFloat_AS_DOUBLE(value);
            else if (whole(value, -(1LL << 53), 1LL << 53, &number))
                real = (double)number;
            else
                return 0;
            if (type->kind == F64)
                slot->f64 = real;
            else
                slot->f32 = (float)real;
            return 1;
        }
        case BOOL:
            if (value != Py_True && value != Py_False) return 0;
            slot->i32 = value == Py_True;
            return 1;
        case STRING:
            if (!PyUnicode_CheckExact(value)) return 0;
            if (PyUnicode_READY(value) == 0 && PyUnicode_IS_ASCII(value)) {
                taken->data = (const char *)PyUnicode_1BYTE_DATA(value);
                taken->bytes = taken->items = PyUnicode_GET_LENGTH(value);
                return 1;
            }
            taken->owner = PyUnicode_AsUTF8String(value); /* its own copy, lest every text is kept twice */
            if (taken->owner == NULL) {
                PyErr_Clear();
                return 0;
            }
            taken->data = PyBytes_AS_STRING(taken->owner);
            taken->bytes = taken->items = PyBytes_GET_SIZE(taken->owner);
            return 1;
        case NUMBERS:
            break;
    }
    if (PyList_CheckExact(value)) {
        Py_ssize_t count = PyList_GET_SIZE(value);
        if (count > (Py_ssize_t)(UINT32_MAX / type->width)) return 0;
        for (Py_ssize_t k = 0; k < count; k++) {
            PyObject *item = PyList_GET_ITEM(value, k);
            if (type->code == 'd' || type->code == 'f' ? !PyFloat_CheckExact(item)
                                                       : type->code == 'Q' || !whole(item, type->low, type->high, &number))
                return 0;
        }
        taken->is_list = 1;
        taken->owner = Py_NewRef(value);
        taken->items = count;
        taken->bytes = count * type->width;
        return 1;
    }
    if (PyUnicode_Check(value) || !PyObject_CheckBuffer(value)) return 0;
    if (PyObject_GetBuffer(value, &taken->view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        PyErr_Clear();
        return 0;
    }
    taken->has_view = 1;
    if (!same_format(taken->view.format, type->code, type->width, taken->view.itemsize)) return 0;
    taken->data = taken->view.buf;
    taken->bytes = taken->view.len;
    taken->items = taken->view.len / type->width;
    return 1;
}

static void let_go(Taken *taken, int count) {
    for (int k = 0; k < count; k++) {
        if (taken[k].has_view) PyBuffer_Release(&taken[k].view);
        Py_XDECREF(taken[k].owner);
    }
}

/* The items of a list, which were checked: nothing has run since that could have changed them, other threads apart. -1: changed. */
static int store_items(const Taken *taken, const Type *type, char *place) {
    PyObject *list = taken->owner;
    if (PyList_GET_SIZE(list) != taken->items) return -1;
    for (Py_ssize_t k = 0; k < taken->items; k++) {
        PyObject *item = PyList_GET_ITEM(list, k);
        if (type->code == 'd' || type->code == 'f') {
            if (!PyFloat_CheckExact(item)) return -1;
            double real = PyFloat_AS_DOUBLE(item);
            if (type->code == 'd')
                memcpy(place + 8 * k, &real, 8);
            else {
                float narrow = (float)real;
                memcpy(place + 4 * k, &narrow, 4);
            }
            continue;
        }
        long long number;
        if (!whole(item, type->low, type->high, &number)) return -1;
        memcpy(place + type->width * k, &number, type->width); /* little-endian hosts only; see exec() */
    }
    return 0;
}

/* A Python value for a result. `words` are in guest order: an address and a length, or one number. */
static PyObject *lift(Export *self, PyObject *object, const Slot *word, uint32_t address, uint32_t length) {
    const Type *type = &self->result;
    switch (type->kind) {
        case INT:
            return type->high == UINT32_MAX ? PyLong_FromUnsignedLong((uint32_t)word->i32) : PyLong_FromLong(word->i32);
        case I64:
            return PyLong_FromLongLong(word->i64);
        case U64:
            return PyLong_FromUnsignedLongLong((uint64_t)word->i64);
        case F32:
            return PyFloat_FromDouble(word->f32);
        case F64:
            return PyFloat_FromDouble(word->f64);
        case BOOL:
            return PyBool_FromLong(word->i32);
        case STRING:
        case NUMBERS:
            break;
    }
    int width = type->kind == STRING ? 1 : type->width;
    uint64_t bytes = (uint64_t)length * width;
    char *place = reach(object, address, bytes);
    if (place == NULL) return NULL;
    PyObject *value;
    if (type->kind == STRING) {
        value = PyUnicode_DecodeUTF8(place, (Py_ssize_t)bytes, NULL);
        if (value == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
            PyObject *kind, *error, *trace, *reason;
            PyErr_Fetch(&kind, &error, &trace);
            PyErr_NormalizeException(&kind, &error, &trace);
            reason = PyUnicodeDecodeError_GetReason(error);
            PyObject *death = PyObject_CallMethod(
                object, "violation", "N", PyUnicode_FromFormat("a str that is not UTF-8 (%V)", reason, "?"));
            Py_XDECREF(reason);
            Py_XDECREF(kind);
            Py_XDECREF(error);
            Py_XDECREF(trace);
            if (death != NULL) {
                PyErr_SetObject((PyObject *)Py_TYPE(death), death);
                Py_DECREF(death);
            }
        }
    } else if (type->code == 'B') {
        value = PyBytes_FromStringAndSize(place, (Py_ssize_t)bytes);
    } else {
        char code[2] = {type->code, 0};
        value = PyObject_CallFunction(self->array, "s", code);
        if (value != NULL && bytes) {
            PyObject *view = PyMemoryView_FromMemory(place, (Py_ssize_t)bytes, PyBUF_READ);
            PyObject *done = view == NULL ? NULL : PyObject_CallMethodOneArg(value, str_frombytes, view);
            Py_XDECREF(view);
            if (done == NULL) Py_CLEAR(value);
            Py_XDECREF(done);
        }
    }
    if (value != NULL && bytes && release(object, address, (uint32_t)bytes, width) < 0) Py_CLEAR(value);
    return value;
}

/* The exception that is set is what the call ends with, unless the guard says otherwise. */
static void fail(PyObject *door, PyObject *guest) {
    PyObject *kind, *error, *trace;
    PyErr_Fetch(&kind, &error, &trace);
    PyErr_NormalizeException(&kind, &error, &trace);
    if (trace != NULL) PyException_SetTraceback(error, trace);
    PyObject *told = PyObject_CallMethodObjArgs(door, str_failed, guest, error, NULL);
    if (told == NULL) { /* a hook was interrupted */
        PyObject *other_kind, *other, *other_trace;
        PyErr_Fetch(&other_kind, &other, &other_trace);
        PyErr_NormalizeException(&other_kind, &other, &other_trace);
        if (other_trace != NULL) PyException_SetTraceback(other, other_trace);
        Py_XDECREF(other_kind);
        Py_XDECREF(other_trace);
        told = other;
    }
    if (told != error) PyException_SetContext(told, Py_NewRef(error));
    Py_XDECREF(kind);
    Py_XDECREF(trace);
    Py_XDECREF(error);
    PyErr_SetObject((PyObject *)Py_TYPE(told), told);
    Py_DECREF(told);
}

/* `door.leave(guest, False)`, whether or not an exception is set. What that raises comes first. */
static void leave(PyObject *door, PyObject *guest) {
    PyObject *kind, *error, *trace;
    PyErr_Fetch(&kind, &error, &trace);
    PyObject *done = PyObject_CallMethodObjArgs(door, str_leave, guest, Py_False, NULL);
    if (done != NULL) {
        Py_DECREF(done);
        PyErr_Restore(kind, error, trace);
        return;
    }
    if (kind == NULL) return;
    PyObject *other_kind, *other, *other_trace;
    PyErr_Fetch(&other_kind, &other, &other_trace);
    PyErr_NormalizeException(&other_kind, &other, &other_trace);
    PyErr_NormalizeException(&kind, &error, &trace);
    PyException_SetContext(other, error);
    Py_XDECREF(kind);
    Py_XDECREF(trace);
    PyErr_Restore(other_kind, other, other_trace);
}

/* The call itself, once it was let in and its arguments are checked: NULL with an exception when it failed. */
static PyObject *carry_out(Export *self, PyObject *receiver, PyObject *object, Slot *slots, int used, Taken *taken, const int *where) {
    Core *guest = (Core *)object;
    for (int k = 0; k < self->count; k++) {
        const Type *type = &self->params[k];
        if (type->kind != STRING && type->kind != NUMBERS) continue;
        int width = type->kind == STRING ? 1 : type->width;
        char *place;
        uint32_t address = allocate(object, (uint64_t)taken[k].bytes, width, &place);
        if (!address) return NULL;
        if (taken[k].is_list) {
            if (store_items(&taken[k], type, place) < 0) {
                PyErr_SetString(PyExc_RuntimeError, "a list was changed while it was given to the guest");
                return NULL;
            }
        } else if (taken[k].bytes)
            memcpy(place, taken[k].data, taken[k].bytes);
        slots[where[k]].i32 = (int32_t)address;
        slots[where[k] + 1].i32 = (int32_t)(uint32_t)taken[k].items;
    }
    Outcome outcome = run(guest, &guest->funcs[self->number], slots, used ? used : 1);
    if (outcome.error || outcome.trap) {
        judge(object, outcome, -1);
        return NULL;
    }
    Slot word = slots[0];
    uint32_t address = 0, length = 0;
    if (self->record) {
        char *place = reach(object, (uint32_t)guest->result, 32);
        if (place == NULL) return NULL;
        int long_word = !self->nothing && (self->result.kind == I64 || self->result.kind == U64 || self->result.kind == F64);
        int pair = !self->nothing && (self->result.kind == STRING || self->result.kind == NUMBERS);
        int at = self->nothing ? 0 : long_word || pair ? 8 : 4;
        if (self->fallible) {
            uint32_t failed, handle;
            memcpy(&handle, place + at, 4);
            memcpy(&failed, place + at + 4, 4);
            if (failed) {
                PyObject *error = PyObject_CallMethod(object, "error", "i", (int32_t)handle);
                if (error != NULL) {
                    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
                    Py_DECREF(error);
                }
                return NULL;
            }
        }
        memcpy(&word, place, 8);
        memcpy(&address, place, 4);
        memcpy(&length, place + 4, 4);
    }
    if (self->role == CONSTRUCTOR) {
        PyObject *pointer = PyLong_FromUnsignedLong((uint32_t)word.i32);
        int done = pointer == NULL || PyObject_SetAttr(receiver, str_guest, object) < 0 || PyObject_SetAttr(receiver, str_pointer, pointer) < 0;
        Py_XDECREF(pointer);
        return done ? NULL : Py_NewRef(Py_None);
    }
    return self->nothing ? Py_NewRef(Py_None) : lift(self, object, &word, address, length);
}

static PyObject *export_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    Export *self = (Export *)callable;
    if (PyVectorcall_NARGS(nargsf) != self->count + 1 || (kwnames != NULL && PyTuple_GET_SIZE(kwnames))) goto decline;
    PyObject *receiver = args[0];
    PyObject *found = PyObject_GetAttr(receiver, str_door);
    if (found == NULL) {
        PyErr_Clear();
        goto decline;
    }
    Gate *door = (Gate *)found;
    if (!PyObject_TypeCheck(found, &GateType) || !door->ready || door->due || door->rlock == NULL || !Py_IS_TYPE(door->rlock, &LockType) ||
        door->guest == NULL || !PyObject_TypeCheck(door->guest, &CoreType))
        goto drop;
    Lock *lock = (Lock *)door->rlock;
    if (lock->owner || !lock_try(lock)) goto drop;
    Core *guest = (Core *)door->guest;
    if (self->number >= guest->count || !guest->funcs[self->number].store_id || (self->allocates && !guest->funcs[MALLOC].store_id) ||
        (self->frees && !guest->funcs[FREE].store_id) || !is_calm(guest))
        goto unlock;
    Slot slots[2 * MOST + 2];
    Taken taken[MOST];
    int where[MOST], used = 0, checked = 0;
    if (self->record) slots[used++].i32 = (int32_t)(uint32_t)guest->result;
    if (self->role != FUNCTION) {
        PyObject *pointer = PyObject_GetAttr(receiver, str_pointer);
        long long address = 0;
        int known = pointer != NULL && PyLong_CheckExact(pointer);
        if (known) address = PyLong_AsLongLong(pointer);
        Py_XDECREF(pointer);
        PyErr_Clear();
        if (!known || (self->role == CONSTRUCTOR ? address != 0 : address == 0)) goto unlock;
        if (self->role == METHOD) {
            PyObject *owner = PyObject_GetAttr(receiver, str_guest);
            Py_XDECREF(owner);
            PyErr_Clear();
            if (owner != (PyObject *)guest) goto unlock;
            slots[used++].i32 = (int32_t)(uint32_t)address;
        }
    }
    /* From here on this thread is inside: what Python code an exporter of buffers may run counts as nested in this call. */
    door->ready = 0;
    for (; checked < self->count; checked++) {
        taken[checked] = (Taken){0};
        where[checked] = used;
        int fine = take(&self->params[checked], args[checked + 1], &slots[used], &taken[checked]);
        used += self->params[checked].kind == STRING || self->params[checked].kind == NUMBERS ? 2 : 1;
        if (!fine) {
            let_go(taken, checked + 1);
            door->ready = 1;
            goto unlock;
        }
    }
    if (Py_EnterRecursiveCall(" in a call into the guest")) {
        let_go(taken, checked);
        door->ready = 1;
        lock_drop(lock);
        Py_DECREF(found);
        return NULL;
    }
    door->calls++;
    Py_INCREF(guest);
    PyObject *object = (PyObject *)guest;
    if (watcher != NULL) tell_watcher(guest, 1);
    PyObject *result = carry_out(self, receiver, object, slots, used, taken, where);
    let_go(taken, self->count);
    if (result == NULL) fail(found, object);
    if (result != NULL && is_none(guest->death) && is_none(guest->frames) && !PyList_GET_SIZE(guest->lent) && !door->limited)
        door->ready = 1; /* as Guard.leave() has it; nobody else runs between the look and this */
    else {
        leave(found, object);
        if (PyErr_Occurred()) Py_CLEAR(result);
    }
    if (watcher != NULL) tell_watcher(guest, -1);
    Py_DECREF(guest);
    lock_drop(lock);
    Py_DECREF(found);
    Py_LeaveRecursiveCall();
    return result;
unlock:
    lock_drop(lock);
drop:
    Py_DECREF(found);
decline:
    return PyObject_Vectorcall(self->original, args, nargsf, kwnames);
}

/* Export(function, number, role, params, result, fallible, array); ValueError for types that only Python knows. */
static PyObject *export_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *original, *params, *array;
    Py_ssize_t number;
    const char *role, *result;
    int fallible;
    if (!PyArg_ParseTuple(args, "OnsO!spO", &original, &number, &role, &PyTuple_Type, &params, &result, &fallible, &array)) return NULL;
    Type types[MOST], returned = {0};
    if (PyTuple_GET_SIZE(params) > MOST) goto unknown;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(params); k++) {
        const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(params, k));
        if (name == NULL) return NULL;
        if (!find_type(name, &types[k])) goto unknown;
    }
    if (*result && !find_type(result, &returned)) goto unknown;
    Export *self = (Export *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->call = export_call;
    self->original = Py_NewRef(original);
    self->array = Py_NewRef(array);
    self->number = number;
    self->role = *role == 'm' ? METHOD : *role == 'c' ? CONSTRUCTOR : FUNCTION;
    self->count = (int)PyTuple_GET_SIZE(params);
    memcpy(self->params, types, sizeof types);
    self->result = returned;
    self->nothing = !*result;
    self->fallible = fallible;
    for (int k = 0; k < self->count; k++) self->allocates |= types[k].kind == STRING || types[k].kind == NUMBERS;
    self->frees = *result && (returned.kind == STRING || returned.kind == NUMBERS);
    self->record = fallible || returned.kind == STRING || returned.kind == NUMBERS;
    return (PyObject *)self;
unknown:
    PyErr_SetString(PyExc_ValueError, "a type that is not for here");
    return NULL;
}

static int export_traverse(Export *self, visitproc visit, void *arg) {
    Py_VISIT(self->original);
    Py_VISIT(self->array);
    Py_VISIT(self->dict);
    return 0;
}

static int export_clear(Export *self) {
    Py_CLEAR(self->original);
    Py_CLEAR(self->array);
    Py_CLEAR(self->dict);
    return 0;
}

static void export_dealloc(Export *self) {
    PyObject_GC_UnTrack(self);
    export_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *export_get(PyObject *self, PyObject *object, PyObject *Py_UNUSED(type)) {
    return object == NULL || object == Py_None ? Py_NewRef(self) : PyMethod_New(self, object);
}

static PyObject *export_getattro(PyObject *object, PyObject *name) { /* what it is called, and all the rest, is the function's */
    PyObject *own = PyObject_GenericGetAttr(object, name);
    if (own != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError)) return own;
    PyErr_Clear();
    return PyObject_GetAttr(((Export *)object)->original, name);
}

static PyObject *export_repr(Export *self) { return PyObject_Repr(self->original); }

static PyMemberDef export_members[] = {
    {"__wrapped__", T_OBJECT_EX, offsetof(Export, original), READONLY, NULL},
    {NULL},
};

static PyObject *export_doc(Export *self, void *Py_UNUSED(closure)) { return PyObject_GetAttrString(self->original, "__doc__"); }

static PyGetSetDef export_getset[] = {
    {"__doc__", (getter)export_doc, NULL, NULL, NULL},
    {NULL},
};

static PyTypeObject ExportType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Export",
    .tp_basicsize = sizeof(Export),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_new = export_new,
    .tp_dealloc = (destructor)export_dealloc,
    .tp_traverse = (traverseproc)export_traverse,
    .tp_clear = (inquiry)export_clear,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(Export, call),
    .tp_descr_get = export_get,
    .tp_getattro = export_getattro,
    .tp_repr = (reprfunc)export_repr,
    .tp_members = export_members,
    .tp_getset = export_getset,
};

/* ------------------------------------------------------------------------------------------------ Host: a function of the host's */

typedef struct {
    PyObject_HEAD
    PyObject *guests, *adapter, *refused;
    char params[32];
    int count;
    char result;
} Host;

static PyTypeObject HostType;

/* See host_function() in runtime/calls.py: the same protocol. The result is always NULL: no trap of ours. */
static void *host_call(void *environment, void *Py_UNUSED(caller), Slot *slots) {
    Host *self = environment;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *serial = PyLong_FromLong(slots[0].i32), *guest = NULL, *result = NULL, *frames = NULL;
    PyObject *reference = serial == NULL ? NULL : PyDict_GetItemWithError(self->guests, serial);
    if (reference != NULL) guest = PyObject_CallNoArgs(reference);
    Py_XDECREF(serial);
    if (guest == NULL || !PyObject_TypeCheck(guest, &CoreType)) goto failed;
    Core *core = (Core *)guest;
    frames = Py_XNewRef(core->frames);
    PyObject *args[34];
    int made = 1;
    args[0] = guest;
    for (int k = 0; k < self->count; k++) {
        args[made] = load_word(&slots[1 + k], self->params[k]);
        if (args[made] == NULL) break;
        made++;
    }
    if (made == self->count + 1) result = PyObject_Vectorcall(self->adapter, args, made, NULL);
    for (int k = 1; k < made; k++) Py_DECREF(args[k]);
    if (result != NULL && core->frames != frames) {
        PyObject *done = PyObject_CallMethodObjArgs(guest, str_unwind, frames == NULL ? Py_None : frames, NULL);
        if (done == NULL) Py_CLEAR(result);
        Py_XDECREF(done);
    }
    if (result != NULL && is_none(core->death)) {
        if (!self->result || store_word(&slots[1], self->result, result) == 0) {
            slots[0].i32 = 0;
            goto done;
        }
        Py_CLEAR(result);
    }
    if (result == NULL) {
        PyObject *kind, *error, *trace;
        PyErr_Fetch(&kind, &error, &trace);
        PyErr_NormalizeException(&kind, &error, &trace);
        if (trace != NULL) PyException_SetTraceback(error, trace);
        PyObject *word = PyObject_CallFunctionObjArgs(self->refused, guest, frames == NULL ? Py_None : frames, error, NULL);
        Py_XDECREF(kind);
        Py_XDECREF(error);
        Py_XDECREF(trace);
        if (word == NULL) goto failed;
        if (word != Py_None && (!self->result || store_word(&slots[1], self->result, word) == 0)) {
            Py_DECREF(word);
            slots[0].i32 = 0;
            goto done;
        }
        Py_DECREF(word);
        if (PyErr_Occurred()) goto failed;
    }
    if (!is_none(core->death)) {
        if (PyObject_SetAttr(guest, str_stopped, Py_True) < 0) goto failed;
        slots[0].i32 = -1; /* symbols.SHIM_DEAD */
    }
    goto done; /* slot 0 is not 0: it failed */
failed:
    PyErr_WriteUnraisable(self->adapter);
done:
    Py_XDECREF(result);
    Py_XDECREF(frames);
    Py_XDECREF(guest);
    PyGILState_Release(state);
    return NULL;
}

static PyObject *host_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *guests, *adapter, *refused;
    const char *signature;
    if (!PyArg_ParseTuple(args, "O!OOs", &PyDict_Type, &guests, &adapter, &refused, &signature)) return NULL;
    const char *colon = strchr(signature, ':');
    if (colon == NULL || colon - signature > 32) {
        PyErr_SetString(PyExc_ValueError, "no signature of at most 32 words");
        return NULL;
    }
    Host *self = (Host *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->guests = Py_NewRef(guests);
    self->adapter = Py_NewRef(adapter);
    self->refused = Py_NewRef(refused);
    self->count = (int)(colon - signature);
    memcpy(self->params, signature, self->count);
    self->result = colon[1];
    return (PyObject *)self;
}

static void host_dealloc(Host *self) {
    Py_XDECREF(self->guests);
    Py_XDECREF(self->adapter);
    Py_XDECREF(self->refused);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *host_address(Host *self, void *Py_UNUSED(closure)) { return PyLong_FromVoidPtr(self); }

static PyGetSetDef host_getset[] = {
    {"environment", (getter)host_address, NULL, "What the engine hands to HOST_CALL.", NULL},
    {NULL},
};

static PyTypeObject HostType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Host",
    .tp_doc = "A function of the host's, as the engine calls it.",
    .tp_basicsize = sizeof(Host),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = host_new,
    .tp_dealloc = (destructor)host_dealloc,
    .tp_getset = host_getset,
};

/* ------------------------------------------------------------------------------------------------ the module */

static PyMethodDef functions[] = {
    {"bind", bind, METH_VARARGS, "bind(address of wasmtime_func_call_unchecked, size of a func, size of a slot)"},
    {"watch", watch, METH_O, "Have a function told of every call into a guest and its guard: for tests."},
    {"set_plain", set_plain, METH_O, "Whether there is nothing to look at before a call in this thread."},
    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "bindgen_patch_accelerator",
    .m_doc = "The call path of bindgen-patch in C.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit_bindgen_patch_accelerator(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "for little-endian machines only");
        return NULL;
    }
    struct {
        PyObject **place;
        const char *text;
    } names[] = {
        {&str_door, "_bp_door"},   {&str_failed, "failed"},     {&str_leave, "leave"},      {&str_refresh, "_refresh"},
        {&str_guest, "_bp_guest"}, {&str_pointer, "_bp_pointer"}, {&str_unwind, "unwind"}, {&str_stopped, "stopped"},
        {&str_frombytes, "frombytes"},
    };
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if ((*names[k].place = PyUnicode_InternFromString(names[k].text)) == NULL) return NULL;
    PyTypeObject *types[] = {&LockType, &GateType, &CoreType, &WordsType, &ExportType, &HostType};
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (PyModule_AddType(module, types[k]) < 0) goto failed;
    if (PyModule_AddIntConstant(module, "ABI_VERSION", ABI_VERSION) < 0 ||
        PyModule_AddObject(module, "HOST_CALL", PyLong_FromVoidPtr((void *)(uintptr_t)host_call)) < 0)
        goto failed;
    return module;
failed:
    Py_DECREF(module);
    return NULL;
}
