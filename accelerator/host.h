/* Host: a function of the host's, as the engine calls it. */

typedef struct {
    PyObject_HEAD
    PyObject *guests;           /* serial number -> weak reference to the guest */
    PyObject *adapter;          /* what it does, in Python: (guest, *words) -> word */
    PyObject *refused;          /* what comes of an exception: (guest, frames, exception) -> word or None */
    char *params;               /* letters, as in calls.py */
    int count;
    char result;
    int passes; /* what it raises simply leaves the guest: no Err, no promise, no death */
    enum { NONE, CLONE_REF, DROP_REF, RETHROW, PANIC_ERROR } intrinsic;
    /* The plan, for one that does nothing but call: */
    int planned;
    PyObject *name;             /* of what is called, among the host's globals; None: the one argument is the value */
    int is_error;               /* the name is Error */
    Type types[MOST], returned; /* of its arguments and of the value */
    int arguments, nothing;
    PyObject *convert, *label;  /* for a value that is not plainly what it should be: convert(value, label) -> word */
} Host;

static PyTypeObject HostType;

typedef enum { DECLINED, DONE, RAISED, LEFT } Ending; /* LEFT: what it raises is the `host_error` already */

/* The function that is asked for, as Target.function() finds it; NULL without an exception: Python has to look. Of the guest's scopes the
 * first is what the host provides, the second the built-ins. */
static PyObject *find_function(const Host *self, const Core *guest, int *is_builtin) {
    if (guest->scopes == NULL || !PyTuple_CheckExact(guest->scopes)) return NULL;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(guest->scopes); k++) {
        PyObject *scope = PyTuple_GET_ITEM(guest->scopes, k);
        if (!PyDict_CheckExact(scope)) return NULL;
        PyObject *found = PyDict_GetItemWithError(scope, self->name);
        *is_builtin = k == 1;
        if (found != NULL) return PyCallable_Check(found) ? Py_NewRef(found) : NULL;
        PyErr_Clear();
    }
    return NULL;
}

/* Arguments for it: how many, or -1 when Python has to lift them. */
static int lift_all(const Host *self, Core *guest, const Slot *slots, PyObject **args) {
    for (int k = 0; k < self->arguments; k++) {
        if (self->types[k].kind == TEXT) {
            args[k] = lift_text(guest, (uint32_t)slots[0].i32, (uint32_t)slots[1].i32);
            slots += 2;
        } else
            args[k] = lift_word(&self->types[k], slots++);
        if (args[k] == NULL) {
            while (k) Py_DECREF(args[--k]);
            PyErr_Clear();
            return -1;
        }
    }
    return self->arguments;
}

/* What it returned, as a word. */
static Ending lower_value(const Host *self, Core *guest, PyObject *value, Slot *word) {
    Taken taken = {0};
    if (self->nothing) return DONE;
    if (self->returned.kind == VALUE) {
        int64_t handle = own(guest, value);
        word->i32 = (int32_t)(uint32_t)handle;
        return handle < 0 ? RAISED : DONE;
    }
    if (take(&self->returned, value, word, &taken)) return DONE;
    PyObject *converted = PyObject_CallFunctionObjArgs(self->convert, value, self->label, NULL);
    int failed = converted == NULL || store_word(word, self->result, converted) < 0;
    Py_XDECREF(converted);
    return failed ? RAISED : DONE;
}

/* What the __new__ of an exception makes of a text: it has that in its `args`. PanicError's __init__ does no more. */
static PyObject *make_exception(PyObject *class, PyObject *text) {
    PyTypeObject *type = (PyTypeObject *)class;
    PyObject *args = PyTuple_Pack(1, text);
    PyObject *error = args == NULL ? NULL : type->tp_new(type, args, NULL);
    Py_XDECREF(args);
    return error;
}

/* What `js.Error(text)` makes. */
static PyObject *make_error(PyObject *text) {
    PyObject *error = make_exception(error_class, text);
    if (error != NULL && PyObject_SetAttr(error, str_message, text) < 0) Py_CLEAR(error);
    return error;
}

/* By the plan: DECLINED before anything has happened. */
static Ending call_planned(const Host *self, Core *guest, const Slot *slots, Slot *word) {
    PyObject *args[MOST + 1] = {NULL}, *value;
    int is_builtin = 0;
    PyObject *function = self->name == Py_None ? Py_NewRef(Py_None) : find_function(self, guest, &is_builtin);
    if (function == NULL) return DECLINED;
    int count = lift_all(self, guest, slots, args + 1);
    if (count < 0) {
        Py_DECREF(function);
        return DECLINED;
    }
    if (self->name == Py_None)
        value = Py_NewRef(args[1]);
    else if (is_builtin && self->is_error && count == 1 && PyUnicode_CheckExact(args[1]))
        value = make_error(args[1]);
    else
        value = PyObject_Vectorcall(function, args + 1, (size_t)count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_DECREF(function);
    for (int k = 1; k <= count; k++) Py_DECREF(args[k]);
    if (value == NULL) return RAISED;
    Ending ending = lower_value(self, guest, value, word);
    Py_DECREF(value);
    return ending;
}

static const char *const INTRINSICS[] = {"", "object_clone_ref", "object_drop_ref", "rethrow", "panic_error"};

/* The exception for a panic, which the door is told of; NULL without an exception where the payload is no text: Python has to look. */
static PyObject *make_panic(Core *guest, PyObject *payload) {
    if (!PyUnicode_CheckExact(payload)) return NULL;
    PyObject *panic = make_exception(panic_class, payload);
    PyObject *told = panic == NULL ? NULL : PyObject_CallMethodOneArg(guest->door, str_panicked, panic);
    if (told == NULL) Py_CLEAR(panic);
    Py_XDECREF(told);
    return panic;
}

/* Those of wasm-bindgen's own that are about handles, as runtime/intrinsics.py has them. */
static Ending call_intrinsic(const Host *self, Core *guest, const Slot *slots, Slot *word) {
    int borrowed = self->intrinsic == CLONE_REF || self->intrinsic == PANIC_ERROR;
    PyObject *value = take_handle(guest, (uint32_t)slots[0].i32, !borrowed, self->intrinsic == RETHROW);
    if (value != NULL && self->intrinsic == PANIC_ERROR) Py_SETREF(value, make_panic(guest, value));
    if (value == NULL) return PyErr_Occurred() ? RAISED : DECLINED;
    if (self->intrinsic == RETHROW) {
        if (is_none(guest->death)) /* as Guest.raised() */
            Py_XSETREF(guest->host_error, value);
        else
            Py_DECREF(value);
        return LEFT;
    }
    int64_t handle = borrowed ? own(guest, value) : 0;
    Py_DECREF(value);
    word->i32 = (int32_t)(uint32_t)handle;
    return handle < 0 ? RAISED : DONE;
}

/* By the adapter. */
static Ending call_adapter(const Host *self, PyObject *guest, const Slot *slots, Slot *word) {
    PyObject *few[MOST], **args = self->count < MOST ? few : PyMem_Malloc((self->count + 1) * sizeof(PyObject *));
    PyObject *result = NULL;
    int made = 1;
    if (args == NULL) {
        PyErr_NoMemory();
        return RAISED;
    }
    args[0] = guest;
    while (made <= self->count && (args[made] = load_word(&slots[made - 1], self->params[made - 1])) != NULL) made++;
    if (made == self->count + 1) result = PyObject_Vectorcall(self->adapter, args, (size_t)made, NULL);
    for (int k = 1; k < made; k++) Py_DECREF(args[k]);
    if (args != few) PyMem_Free(args);
    int failed = result == NULL || (self->result && store_word(word, self->result, result) < 0);
    Py_XDECREF(result);
    return failed ? RAISED : DONE;
}

/* It raised: Python says whether there is a word to be returned all the same. */
static Ending refuse(const Host *self, PyObject *guest, PyObject *frames, Slot *word) {
    PyObject *error = raised();
    if (self->passes && ((Core *)guest)->frames == frames && is_none(((Core *)guest)->death)) {
        Py_XSETREF(((Core *)guest)->host_error, error); /* as Guest.raised() */
        return RAISED;
    }
    PyObject *instead = PyObject_CallFunctionObjArgs(self->refused, guest, frames == NULL ? Py_None : frames, error, NULL);
    Py_DECREF(error);
    int done = instead != NULL && instead != Py_None && (!self->result || store_word(word, self->result, instead) == 0);
    Py_XDECREF(instead);
    return done ? DONE : RAISED;
}

/* See host_function() in runtime/calls.py: the same protocol. */
static void serve(const Host *self, PyObject *guest, Slot *slots) {
    Core *core = (Core *)guest;
    PyObject *frames = Py_XNewRef(core->frames);
    Slot word = {0};
    Ending ending = DECLINED;
    if (self->planned) ending = call_planned(self, core, slots + 1, &word);
    if (self->intrinsic) ending = call_intrinsic(self, core, slots + 1, &word);
    if (ending == DECLINED) ending = call_adapter(self, guest, slots + 1, &word);
    if (ending == DONE && core->frames != frames) {
        PyObject *done = PyObject_CallMethodObjArgs(guest, str_unwind, frames == NULL ? Py_None : frames, NULL);
        if (done == NULL) ending = RAISED;
        Py_XDECREF(done);
    }
    int returns = ending == DONE && is_none(core->death);
    if (ending == RAISED) returns = refuse(self, guest, frames, &word) == DONE;
    if (returns) {
        if (self->result) slots[1] = word;
        slots[0].i32 = 0;
    } else if (PyErr_Occurred() || (!is_none(core->death) && PyObject_SetAttr(guest, str_stopped, Py_True) < 0))
        PyErr_WriteUnraisable(self->adapter); /* slot 0 is not 0: it failed */
    else if (!is_none(core->death))
        slots[0].i32 = -1; /* symbols.SHIM_DEAD */
    Py_XDECREF(frames);
}

/* The guest of that number, which did not come here by a call of ours. */
static PyObject *find_guest(const Host *self, int32_t serial) {
    PyObject *key = PyLong_FromLong(serial);
    PyObject *reference = key == NULL ? NULL : PyDict_GetItemWithError(self->guests, key);
    Py_XDECREF(key);
    PyObject *guest = reference == NULL ? NULL : PyObject_CallNoArgs(reference);
    if (guest != NULL && is_core(guest)) return guest;
    Py_XDECREF(guest);
    return NULL;
}

/* What the engine calls. The result is always NULL: no trap of ours. */
static void *host_call(void *environment, void *Py_UNUSED(caller), Slot *slots) {
    Host *self = environment;
    Call *call = here()->innermost;
    if (call != NULL && call->guest->serial == (uint32_t)slots[0].i32) {
        attach(call);
        serve(self, (PyObject *)call->guest, slots);
        detach(call); /* it may have started a thread */
        return NULL;
    }
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *guest = find_guest(self, slots[0].i32);
    if (guest != NULL)
        serve(self, guest, slots);
    else
        PyErr_WriteUnraisable(self->adapter);
    Py_XDECREF(guest);
    PyGILState_Release(state);
    return NULL;
}

/* Read the plan; 0 when it is one of types that only Python knows, -1 with an exception. */
static int read_plan(Host *self, PyObject *plan) {
    PyObject *params, *name, *convert, *label;
    const char *result;
    if (plan == Py_None) return 0;
    if (PyUnicode_Check(plan)) {
        for (int k = CLONE_REF; k <= PANIC_ERROR; k++)
            if (PyUnicode_CompareWithASCIIString(plan, INTRINSICS[k]) == 0) self->intrinsic = k;
        return 0;
    }
    if (!PyArg_ParseTuple(plan, "OO!sOO", &name, &PyTuple_Type, &params, &result, &convert, &label)) return -1;
    int words = 0;
    self->arguments = (int)PyTuple_GET_SIZE(params);
    if (self->arguments > MOST || (name == Py_None && self->arguments != 1)) return 0;
    for (int k = 0; k < self->arguments; k++) {
        const char *type = PyUnicode_AsUTF8(PyTuple_GET_ITEM(params, k));
        if (type == NULL) return -1;
        if (!find_type(type, &self->types[k])) return 0;
        Kind kind = self->types[k].kind;
        if (kind == STRING || kind == NUMBERS || kind == VALUE) return 0;
        words += kind == TEXT ? 2 : 1;
    }
    self->nothing = !*result;
    if (*result && !find_type(result, &self->returned)) return 0;
    Kind kind = self->returned.kind;
    if (*result && (kind == STRING || kind == NUMBERS || kind == TEXT)) return 0;
    if (words != self->count || self->nothing != !self->result) return 0;
    self->name = Py_NewRef(name);
    self->is_error = PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "Error") == 0;
    self->convert = Py_NewRef(convert);
    self->label = Py_NewRef(label);
    self->planned = 1;
    return 1;
}

/* Host(guests, adapter, refused, signature, passes, plan): the plan is None, the name of an intrinsic, or a tuple: name, types of the
 * arguments, type of the value, convert, label. */
static PyObject *host_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *guests, *adapter, *refused, *plan;
    const char *signature;
    int passes;
    if (!PyArg_ParseTuple(args, "O!OOspO", &PyDict_Type, &guests, &adapter, &refused, &signature, &passes, &plan)) return NULL;
    const char *colon = strchr(signature, ':');
    if (colon == NULL) {
        PyErr_SetString(PyExc_ValueError, "no signature");
        return NULL;
    }
    Host *self = (Host *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->guests = Py_NewRef(guests);
    self->adapter = Py_NewRef(adapter);
    self->refused = Py_NewRef(refused);
    self->count = (int)(colon - signature);
    self->result = colon[1];
    self->passes = passes;
    self->params = PyMem_Malloc(self->count + 1);
    if (self->params == NULL) {
        PyErr_NoMemory();
        goto failed;
    }
    memcpy(self->params, signature, self->count);
    if (read_plan(self, plan) >= 0) return (PyObject *)self;
failed:
    Py_DECREF(self);
    return NULL;
}

/* What it does leads to the generated module, and that leads back. It is never cleared: the engine may call it as long as it is there, and
 * every such cycle goes by way of a dictionary. */
static int host_traverse(Host *self, visitproc visit, void *arg) {
    Py_VISIT(self->guests);
    Py_VISIT(self->adapter);
    Py_VISIT(self->refused);
    Py_VISIT(self->convert);
    return 0;
}

static void host_dealloc(Host *self) {
    PyObject_GC_UnTrack(self);
    Py_XDECREF(self->guests);
    Py_XDECREF(self->adapter);
    Py_XDECREF(self->refused);
    Py_XDECREF(self->name);
    Py_XDECREF(self->convert);
    Py_XDECREF(self->label);
    PyMem_Free(self->params);
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
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = host_new,
    .tp_dealloc = (destructor)host_dealloc,
    .tp_traverse = (traverseproc)host_traverse,
    .tp_getset = host_getset,
};
