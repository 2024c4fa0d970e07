/* Core: the fields of a Guest that every call reads, and what is done with its memory, its functions, its handles. */

/* The area of whole calls: symbols.py has the same. */
enum { AREA_LEFT = 4, AREA_RECORD = 16, AREA_DATA = 64, AREA_BYTES = 16 * 1024, AREA_FITS = AREA_BYTES - AREA_DATA };

/* Bytes that are copied twice, since that takes less time than to enter the guest once more: of arguments, and of a result. */
enum { WORTH_IN = 1024, WORTH_OUT = 512 };

typedef struct Core {
    PyObject_HEAD
    PyObject *death, *garbage, *bounds, *last_words, *frames, *fallen, *lent;
    PyObject *door, *host_error, *unwound;
    PyObject *values;  /* the handle table */
    PyObject *scopes;  /* a tuple of dicts: where names of the host's are looked for */
    PyObject *numbers; /* call name -> number of the export */
    unsigned long long context, base, size, flag_at, stack_at, result, next_handle;
    unsigned int area; /* of whole calls; 0: none so far */
    unsigned int serial;
    char judged;  /* somebody is finding out why a call failed, or has */
    char in_hook; /* the guest's abort hook runs */
    char wrapped; /* handles have been used up once: those that are left have to be looked for */
    Route *funcs; /* by number of the export; store_id 0: not looked up yet */
    Py_ssize_t count;
} Core;

static PyTypeObject CoreType;

static PyMemberDef core_members[] = {
    {"death", T_OBJECT, offsetof(Core, death), 0, NULL},
    {"garbage", T_OBJECT, offsetof(Core, garbage), 0, NULL},
    {"bounds", T_OBJECT, offsetof(Core, bounds), 0, NULL},
    {"last_words", T_OBJECT, offsetof(Core, last_words), 0, NULL},
    {"frames", T_OBJECT, offsetof(Core, frames), 0, NULL},
    {"fallen", T_OBJECT, offsetof(Core, fallen), 0, NULL},
    {"lent", T_OBJECT, offsetof(Core, lent), 0, NULL},
    {"door", T_OBJECT, offsetof(Core, door), 0, NULL},
    {"host_error", T_OBJECT, offsetof(Core, host_error), 0, NULL},
    {"_unwound", T_OBJECT, offsetof(Core, unwound), 0, NULL},
    {"values", T_OBJECT, offsetof(Core, values), 0, NULL},
    {"_scopes", T_OBJECT, offsetof(Core, scopes), 0, NULL},
    {"_numbers", T_OBJECT, offsetof(Core, numbers), 0, NULL},
    {"_context", T_ULONGLONG, offsetof(Core, context), 0, NULL},
    {"_base", T_ULONGLONG, offsetof(Core, base), 0, NULL},
    {"_size", T_ULONGLONG, offsetof(Core, size), 0, NULL},
    {"_flag_at", T_ULONGLONG, offsetof(Core, flag_at), 0, NULL},
    {"_stack_at", T_ULONGLONG, offsetof(Core, stack_at), 0, NULL},
    {"result", T_ULONGLONG, offsetof(Core, result), 0, NULL},
    {"_next_handle", T_ULONGLONG, offsetof(Core, next_handle), 0, NULL},
    {"_area", T_UINT, offsetof(Core, area), 0, NULL},
    {"serial", T_UINT, offsetof(Core, serial), 0, NULL},
    {"_judged", T_BOOL, offsetof(Core, judged), 0, NULL},
    {"_in_hook", T_BOOL, offsetof(Core, in_hook), 0, NULL},
    {"_wrapped", T_BOOL, offsetof(Core, wrapped), 0, NULL},
    {NULL},
};

/* Its fields that are objects: the first of the members. */
static inline PyObject **core_field(Core *self, int k) { return (PyObject **)((char *)self + core_members[k].offset); }

static int core_traverse(Core *self, visitproc visit, void *arg) {
    for (int k = 0; core_members[k].type == T_OBJECT; k++) Py_VISIT(*core_field(self, k));
    return 0;
}

static int core_clear(Core *self) {
    for (int k = 0; core_members[k].type == T_OBJECT; k++) Py_CLEAR(*core_field(self, k));
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
    Route func;
    if (!PyArg_ParseTuple(args, "nKKKn", &number, &func.store_id, &func.index, &func.inner, &func.number)) return NULL;
    if (number < 0 || number > 1 << 24) {
        PyErr_SetString(PyExc_ValueError, "no such export");
        return NULL;
    }
    if (number >= self->count) {
        Py_ssize_t count = number + 16;
        Route *funcs = PyMem_Realloc(self->funcs, count * sizeof(Route));
        if (funcs == NULL) return PyErr_NoMemory();
        memset(funcs + self->count, 0, (count - self->count) * sizeof(Route));
        self->funcs = funcs;
        self->count = count;
    }
    self->funcs[number] = func;
    Py_RETURN_NONE;
}

static PyObject *core_unbind(Core *self, PyObject *Py_UNUSED(ignored)) {
    memset(self->funcs, 0, self->count * sizeof(Route));
    self->context = self->base = self->size = self->flag_at = self->stack_at = 0;
    Py_RETURN_NONE;
}

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

static inline int is_core(PyObject *value) {
    static PyTypeObject *guest;
    return extends(value, &CoreType, &guest);
}

/* Everything is in order: what Guest.troubled() asks, objects to be freed apart, and that no call has left anything behind. */
static inline int is_calm(Core *guest) {
    if (!here()->plain || !is_none(guest->death) || !is_none(guest->frames) || !is_none(guest->last_words) || !guest->context) return 0;
    if (!is_none(guest->fallen)) return 0;
    if (guest->lent == NULL || !PyList_CheckExact(guest->lent) || PyList_GET_SIZE(guest->lent)) return 0;
    if (guest->bounds == NULL || !PyList_CheckExact(guest->bounds) || PyList_GET_SIZE(guest->bounds)) return 0;
    return !guest->flag_at || *(volatile uint32_t *)(uintptr_t)guest->flag_at == 0;
}

/* Room for a call that failed: what the engine gave, an error or a trap. */
typedef struct {
    void *error, *trap;
    Py_ssize_t number; /* of the export that is to be told of a host's exception; -1: none */
} Outcome;

#define CAUGHT ((void *)1) /* for a trap: a catcher has caught what a host function raised */

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

/* Let the interpreter go: code of the guest's may take long, and other threads may want to stop it. */
static inline void let_others_run(Call *call, Core *guest) {
    Here *thread = here();
    *call = (Call){thread->innermost, guest, NULL};
    thread->innermost = call;
    detach(call);
}

static inline void come_back(Call *call) {
    attach(call);
    here()->innermost = call->outer;
}

/* Run a function of the guest's; the interpreter was let go. There is a slot in front of `slots` and one behind, for a catcher. */
static inline Outcome enter(Core *guest, const Route *route, Slot *slots, size_t count) {
    Outcome outcome = {NULL, NULL, route->number};
    void *context = (void *)(uintptr_t)guest->context;
    if (!route->inner) {
        outcome.error = engine_call(context, (const Func *)route, slots, count, &outcome.trap);
        return outcome;
    }
    slots[-1].i64 = 0;
    slots[count].i64 = (int64_t)route->inner;
    outcome.error = engine_call(context, (const Func *)route, slots - 1, count + 2, &outcome.trap);
    if (!outcome.error && !outcome.trap && slots[-1].i64) outcome.trap = CAUGHT;
    return outcome;
}

/* The same, whole. */
static inline Outcome run(Core *guest, const Route *func, Slot *slots, size_t count) {
    Call call;
    if (watcher != NULL) tell_watcher(guest, 0);
    let_others_run(&call, guest);
    Outcome outcome = enter(guest, func, slots, count);
    come_back(&call);
    return outcome;
}

static PyObject *address_of(void *failure) { return failure ? PyLong_FromVoidPtr(failure) : Py_NewRef(Py_None); }

static int pass_on(Core *guest, Outcome outcome);

/* The exception that is set, as an object with its traceback; it is set no more. */
static PyObject *raised(void) {
    PyObject *kind, *error, *trace;
    PyErr_Fetch(&kind, &error, &trace);
    PyErr_NormalizeException(&kind, &error, &trace);
    if (trace != NULL) PyException_SetTraceback(error, trace);
    Py_XDECREF(kind);
    Py_XDECREF(trace);
    return error;
}

/* Raise an exception that is there already, if it is; the reference is given up. */
static void throw(PyObject *error) {
    if (error == NULL) return;
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
}

/* Put the stack pointer back to where the call found it, as Guest.restore_stack(); 0: Python has to. */
static int restore_stack(Core *guest) {
    Val value = {0, {0}};
    value.of.i32 = (int32_t)(uint32_t)guest->result;
    return guest->stack_at && engine_global_set((void *)(uintptr_t)guest->context, (void *)(uintptr_t)guest->stack_at, &value) == NULL;
}

/* Leave what came of a call with the guest, beside the exception that is set: it is looked at before the next one, see calls.CROSSING. */
static void leave_fallen(Core *guest, Outcome outcome) {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *fallen = Py_BuildValue("NNn", address_of(outcome.error), address_of(outcome.trap), outcome.number);
    if (fallen == NULL) PyErr_WriteUnraisable((PyObject *)guest);
    Py_XSETREF(guest->fallen, fallen);
    PyErr_Restore(type, value, traceback);
}

/* Have Python judge what came of a call that did not return; it raises. `wanted`: how many bytes the allocator was asked for, or -1. An
 * interrupt may strike before it has begun: then it is asked again, and the interrupt is what is raised, as Guest._settle() has it. When the
 * interpreter's stack is used up there is no use in that. */
static void find_out(PyObject *guest, Outcome outcome, Py_ssize_t wanted) {
    PyObject *first = NULL;
    for (((Core *)guest)->judged = 0; !((Core *)guest)->judged;) {
        PyObject *result = PyObject_CallMethod(guest, wanted < 0 ? "_fallen" : "_malloc_failed", "NNn",
                                               address_of(outcome.error), address_of(outcome.trap), wanted < 0 ? outcome.number : wanted);
        Py_XDECREF(result);
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_SystemError, "a call that failed was not judged");
        if (!((Core *)guest)->judged && PyErr_ExceptionMatches(PyExc_RecursionError)) {
            leave_fallen((Core *)guest, outcome);
            break;
        }
        if (first == NULL && !((Core *)guest)->judged) first = raised();
    }
    if (first == NULL) return;
    PyErr_Clear();
    throw(first);
}

/* The same, unless the reason is plain. Where no other call is going on in the guest the stack pointer is put back at once: an interrupt may
 * strike before Guard.failed() gets to it. */
static void judge(PyObject *guest, Outcome outcome, Py_ssize_t wanted) {
    Core *core = (Core *)guest;
    if (!pass_on(core, outcome)) find_out(guest, outcome, wanted);
    const Call *call = here()->innermost;
    while (call != NULL && call->guest != core) call = call->outer;
    if (call == NULL && is_none(core->death)) restore_stack(core);
}

/* The guest broke the protocol; the reference to `what` is given up. */
static void violation(PyObject *guest, PyObject *what) {
    if (what != NULL) throw(PyObject_CallMethod(guest, "violation", "N", what));
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
            violation(object, PyUnicode_FromFormat("%llu bytes at %s are outside the guest's memory of %llu bytes",
                                                   (unsigned long long)size, where, guest->size));
            return NULL;
        }
    }
    return (char *)(uintptr_t)guest->base + address;
}

enum { MALLOC, FREE }; /* numbers of the exports that the run time calls itself */

/* Allocate in the guest, the interpreter let go as it is afterwards: the address, and where that is in the host. 0 with an exception, and
 * with the interpreter taken back. */
static uint32_t allocate(PyObject *object, Call *call, uint64_t size, uint32_t align, char **place) {
    Core *guest = (Core *)object;
    Slot room[4], *slots = room + 1;
    slots[0].i32 = (int32_t)(uint32_t)size;
    slots[1].i32 = (int32_t)align;
    Outcome outcome = {NULL, NULL, -1};
    if (size <= UINT32_MAX) outcome = enter(guest, &guest->funcs[MALLOC], slots, 2);
    uint32_t address = (uint32_t)slots[0].i32;
    int failed = size > UINT32_MAX || outcome.error || outcome.trap || address == 0;
    if (!failed && (uint64_t)address + size <= guest->size) {
        *place = (char *)(uintptr_t)guest->base + address;
        return address;
    }
    come_back(call);
    *place = NULL;
    if (size > UINT32_MAX)
        PyErr_SetString(PyExc_OverflowError, "more bytes than a guest has addresses");
    else if (outcome.error || outcome.trap)
        judge(object, outcome, (Py_ssize_t)size);
    else if (address == 0)
        violation(object, PyUnicode_FromString("the guest's allocator returned a null pointer"));
    else
        *place = reach(object, address, size); /* memory has grown */
    if (*place == NULL) return 0;
    let_others_run(call, guest);
    return address;
}

/* Give memory back to the guest; -1 with an exception. */
static int release(PyObject *object, uint32_t address, uint32_t size, uint32_t align) {
    if (!size) return 0;
    Core *guest = (Core *)object;
    Slot room[5], *slots = room + 1;
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

/* ------------------------------------------------------------------------------------------------ handles */

#define FIRST_HANDLE 1028

/* A new handle that the guest owns, as Guest.handle(); -1 with an exception. */
static int64_t own(Core *guest, PyObject *value) {
    int fixed = value == Py_None || value == Py_True || value == Py_False || value == null_value;
    if (fixed || guest->wrapped || guest->next_handle >= UINT32_MAX || guest->values == NULL || !PyDict_CheckExact(guest->values)) {
        PyObject *handle = PyObject_CallMethodOneArg((PyObject *)guest, str_handle, value);
        int64_t number = handle == NULL ? -1 : PyLong_AsLongLong(handle);
        Py_XDECREF(handle);
        return number;
    }
    PyObject *key = PyLong_FromUnsignedLongLong(guest->next_handle);
    int failed = key == NULL || PyDict_SetItem(guest->values, key, value) < 0;
    Py_XDECREF(key);
    return failed ? -1 : (int64_t)guest->next_handle++;
}

/* What a handle stands for, which is given up when it is owned; NULL where Python has to look, mostly without an exception. With
 * `thrown` it has to be an exception. */
static PyObject *take_handle(Core *guest, uint32_t handle, int owned, int thrown) {
    if (handle < FIRST_HANDLE || guest->values == NULL || !PyDict_CheckExact(guest->values)) return NULL;
    PyObject *key = PyLong_FromUnsignedLong(handle);
    PyObject *value = key == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(guest->values, key));
    if (value != NULL && thrown && !PyExceptionInstance_Check(value)) Py_CLEAR(value);
    if (value != NULL && owned && PyDict_DelItem(guest->values, key) < 0) Py_CLEAR(value);
    Py_XDECREF(key);
    return value;
}

/* Raise what the guest has returned as its Err, as `raise guest.error(handle)`. */
static void throw_handle(Core *guest, uint32_t handle) {
    PyObject *error = take_handle(guest, handle, 1, 1);
    if (error == NULL && !PyErr_Occurred()) error = PyObject_CallMethod((PyObject *)guest, "error", "i", (int32_t)handle);
    throw(error);
}
