/* Maker: makes instances of one guest, the engine's part of it in one go. The same as the Maker of runtime/capi.py. */

typedef struct { /* wasmtime_instance_t */
    uint64_t store_id;
    size_t index;
} Instance;

typedef struct { /* wasmtime_global_t */
    uint64_t store_id;
    uint32_t private1, private2, private3;
} Global;

typedef struct { /* wasmtime_extern_t; a memory, a table and a tag are alike */
    uint8_t kind;
    union {
        Func func;
        Global global;
        Tag item;
    } of;
} Extern;

enum { EXTERN_FUNC, EXTERN_GLOBAL, EXTERN_TABLE, EXTERN_MEMORY, EXTERN_NOTHING = 255, VAL_FUNCREF = 5 };

typedef struct { /* Made of runtime/capi.py */
    Instance companion, instance;
    Extern memory, stack_pointer;
    void *trap, *base;
    size_t size;
} Made;

static void *(*engine_pre_instantiate)(const void *pre, void *context, Instance *instance, void **trap);
static void *(*engine_instance_new)(void *context, const void *module, const Extern *imports, size_t count, Instance *instance, void **trap);
static void (*engine_watch)(void *store, const void *callback, void *data, void (*finalizer)(void *));
static void (*engine_set_deadline)(void *context, uint64_t beyond);
static bool (*engine_export_get)(void *context, const Instance *instance, const char *name, size_t length, Extern *item);
static void (*engine_global_get)(void *context, const void *global, Val *value);
static void *(*engine_table_set)(void *context, const void *table, uint64_t index, const Val *value);
static void *(*engine_memory_data)(void *context, const void *memory);
static size_t (*engine_memory_size)(void *context, const void *memory);
static PyObject *refusal;      /* the class of what is raised for a package that is not as it was generated */
static PyObject *raise_error; /* raises an error of the engine's */

static PyObject *bind_instances(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long watch, deadline, pre, new, get, global, set, data, size;
    Py_ssize_t made_bytes;
    PyObject *class, *raises;
    if (!PyArg_ParseTuple(args, "KKKKKKKKKnOO", &watch, &deadline, &pre, &new, &get, &global, &set, &data, &size, &made_bytes, &class, &raises)) return NULL;
    if (made_bytes != sizeof(Made) || sizeof(Extern) != sizeof(Val)) {
        PyErr_SetString(PyExc_ValueError, "the engine's structures are not those that this was made for");
        return NULL;
    }
    engine_watch = (void (*)(void *, const void *, void *, void (*)(void *)))(uintptr_t)watch;
    engine_set_deadline = (void (*)(void *, uint64_t))(uintptr_t)deadline;
    engine_pre_instantiate = (void *(*)(const void *, void *, Instance *, void **))(uintptr_t)pre;
    engine_instance_new = (void *(*)(void *, const void *, const Extern *, size_t, Instance *, void **))(uintptr_t)new;
    engine_export_get = (bool (*)(void *, const Instance *, const char *, size_t, Extern *))(uintptr_t)get;
    engine_global_get = (void (*)(void *, const void *, Val *))(uintptr_t)global;
    engine_table_set = (void *(*)(void *, const void *, uint64_t, const Val *))(uintptr_t)set;
    engine_memory_data = (void *(*)(void *, const void *))(uintptr_t)data;
    engine_memory_size = (size_t (*)(void *, const void *))(uintptr_t)size;
    Py_XSETREF(refusal, Py_NewRef(class));
    Py_XSETREF(raise_error, Py_NewRef(raises));
    Py_RETURN_NONE;
}

/* find(context, a Made, which instance in it, name, kind, an Extern to be filled): whether there is such an export. */
static PyObject *find_export(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count) {
    Py_buffer made, item;
    Py_ssize_t length;
    if (count != 6) return PyErr_Format(PyExc_TypeError, "find() takes 6 arguments"), NULL;
    void *context = PyLong_AsVoidPtr(args[0]);
    size_t offset = PyLong_AsSize_t(args[2]);
    const char *name = PyUnicode_AsUTF8AndSize(args[3], &length);
    long kind = PyLong_AsLong(args[4]);
    if (name == NULL || PyErr_Occurred() || PyObject_GetBuffer(args[1], &made, PyBUF_SIMPLE) < 0) return NULL;
    if (PyObject_GetBuffer(args[5], &item, PyBUF_WRITABLE) < 0) {
        PyBuffer_Release(&made);
        return NULL;
    }
    int sound = item.len == sizeof(Extern) && made.len == sizeof(Made) && offset <= sizeof(Made) - sizeof(Instance);
    bool found = sound && engine_export_get(context, (const Instance *)((const char *)made.buf + offset), name, (size_t)length, item.buf) &&
                 ((Extern *)item.buf)->kind == kind;
    PyBuffer_Release(&item);
    PyBuffer_Release(&made);
    if (!sound) return PyErr_Format(PyExc_ValueError, "no instance is there"), NULL;
    return PyBool_FromLong(found);
}

/* view(address, size, flags), as PyMemoryView_FromMemory() */
static PyObject *view(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count) {
    if (count != 3) return PyErr_Format(PyExc_TypeError, "view() takes 3 arguments"), NULL;
    void *address = PyLong_AsVoidPtr(args[0]);
    Py_ssize_t size = PyLong_AsSsize_t(args[1]);
    long flags = PyLong_AsLong(args[2]);
    return PyErr_Occurred() ? NULL : PyMemoryView_FromMemory(address, size, (int)flags);
}

/* None; where there is an error, NULL and an exception that says what it says. */
static PyObject *none_but(void *error) {
    if (error == NULL) Py_RETURN_NONE;
    return PyObject_CallFunction(raise_error, "N", PyLong_FromVoidPtr(error));
}

/* ------------------------------------------------------------------------------------------------ an exported i32 */

typedef struct {
    PyObject_HEAD
    void *context;
    Global global;
} I32;

static PyObject *i32_get(I32 *self, PyObject *Py_UNUSED(ignored)) {
    Val value;
    engine_global_get(self->context, &self->global, &value);
    return PyLong_FromUnsignedLong((uint32_t)value.of.i32);
}

static PyObject *i32_set(I32 *self, PyObject *number) {
    Val value = {0, {0}};
    value.of.i32 = (int32_t)PyLong_AsUnsignedLongMask(number);
    if (PyErr_Occurred()) return NULL;
    return none_but(engine_global_set(self->context, &self->global, &value));
}

/* I32(context, what holds a wasmtime_global_t, how many bytes behind its beginning) */
static PyObject *i32_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    unsigned long long context;
    Py_buffer holder;
    Py_ssize_t offset;
    if (!PyArg_ParseTuple(args, "Ky*n", &context, &holder, &offset)) return NULL;
    I32 *self = NULL;
    if (offset < 0 || offset + (Py_ssize_t)sizeof(Global) > holder.len)
        PyErr_SetString(PyExc_ValueError, "no global is there");
    else
        self = (I32 *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->context = (void *)(uintptr_t)context;
        memcpy(&self->global, (const char *)holder.buf + offset, sizeof(Global));
    }
    PyBuffer_Release(&holder);
    return (PyObject *)self;
}

static void i32_dealloc(I32 *self) { Py_TYPE(self)->tp_free((PyObject *)self); }

static PyMethodDef i32_methods[] = {
    {"get", (PyCFunction)i32_get, METH_NOARGS, NULL},
    {"set", (PyCFunction)i32_set, METH_O, NULL},
    {NULL},
};

static PyTypeObject I32Type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.I32",
    .tp_doc = "An exported i32 global, which must be mutable to be set.",
    .tp_basicsize = sizeof(I32),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = i32_new,
    .tp_dealloc = (destructor)i32_dealloc,
    .tp_methods = i32_methods,
};

/* ------------------------------------------------------------------------------------------------ a whole instance */

typedef struct {
    PyObject_HEAD
    PyObject *owned; /* whatever the addresses are of */
    void *companion, *module, *look; /* `look`: what the store calls when the engine's epoch was incremented, or NULL */
    PyObject *names;               /* a tuple of bytes: what the guest exports, then what the companion does */
    Py_ssize_t imports, slots;
} Maker;

enum { NAME_TABLE, NAME_MEMORY, NAME_STACK_POINTER, OWN_NAMES };

static bool find(const Maker *self, void *context, const Instance *instance, Py_ssize_t name, Extern *item) {
    PyObject *text = PyTuple_GET_ITEM(self->names, name);
    return engine_export_get(context, instance, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), item);
}

static void find_own(const Maker *self, void *context, const Instance *instance, Py_ssize_t name, uint8_t kind, Extern *item) {
    if (!find(self, context, instance, name, item) || item->kind != kind) item->kind = EXTERN_NOTHING;
}

/* With the interpreter let go. An error of the engine's, or NULL; then there may be a trap, or a `missing` name. */
static void *make(const Maker *self, void *store, void *context, uint32_t serial, Made *made, Extern *items, Py_ssize_t *missing) {
    Extern table;
    Val number = {0, {0}};
    if (self->look != NULL) {
        engine_watch(store, self->look, (void *)(uintptr_t)serial, NULL);
        engine_set_deadline(context, 1);
    }
    void *error = engine_pre_instantiate(self->companion, context, &made->companion, &made->trap);
    if (error != NULL || made->trap != NULL) return error;
    Py_ssize_t count = PyTuple_GET_SIZE(self->names) - OWN_NAMES;
    for (Py_ssize_t k = 0; k < count; k++)
        if (!find(self, context, &made->companion, OWN_NAMES + k, &items[k])) {
            *missing = OWN_NAMES + k;
            return NULL;
        }
    number.of.i32 = (int32_t)serial;
    error = engine_global_set(context, &items[0].of.global, &number);
    if (error == NULL) error = engine_instance_new(context, self->module, items + 1, self->imports, &made->instance, &made->trap);
    if (error != NULL || made->trap != NULL) return error;
    if (self->slots) {
        find_own(self, context, &made->instance, NAME_TABLE, EXTERN_TABLE, &table);
        if (table.kind == EXTERN_NOTHING) {
            *missing = NAME_TABLE;
            return NULL;
        }
        for (Py_ssize_t k = 0; k < self->slots && error == NULL; k++) {
            Val func = {VAL_FUNCREF, {0}};
            memcpy(&func.of, &items[1 + self->imports + k].of.func, sizeof(Func));
            error = engine_table_set(context, &table.of.item, (uint64_t)k, &func);
        }
        if (error != NULL) return error;
    }
    find_own(self, context, &made->instance, NAME_STACK_POINTER, EXTERN_GLOBAL, &made->stack_pointer);
    find_own(self, context, &made->instance, NAME_MEMORY, EXTERN_MEMORY, &made->memory);
    if (made->memory.kind == EXTERN_NOTHING) return NULL;
    made->base = engine_memory_data(context, &made->memory.of.item);
    made->size = engine_memory_size(context, &made->memory.of.item);
    return NULL;
}

/* maker(guest, store, context, a Made): an error's address, or None. */
static PyObject *maker_call(Maker *self, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *guest;
    unsigned long long store, context;
    Py_buffer made;
    if (!PyArg_ParseTuple(args, "O!KKw*", &CoreType, &guest, &store, &context, &made)) return NULL;
    Extern *items = made.len == sizeof(Made) ? PyMem_Malloc((PyTuple_GET_SIZE(self->names) - OWN_NAMES) * sizeof(Extern)) : NULL;
    if (items == NULL) {
        PyBuffer_Release(&made);
        return PyErr_NoMemory();
    }
    Call call;
    Py_ssize_t missing = -1;
    Py_INCREF(guest);
    let_others_run(&call, (Core *)guest);
    void *error = make(self, (void *)(uintptr_t)store, (void *)(uintptr_t)context, ((Core *)guest)->serial, made.buf, items, &missing);
    come_back(&call);
    Py_DECREF(guest);
    PyMem_Free(items);
    PyBuffer_Release(&made);
    if (missing >= 0)
        return PyErr_Format(refusal, "the %s exports no %s", missing < OWN_NAMES ? "guest" : "companion",
                            PyBytes_AS_STRING(PyTuple_GET_ITEM(self->names, missing)));
    return address_of(error);
}

/* Maker(owned, addresses of the companion, linked, of the guest's module, and of what looks when the epoch was incremented, names, how many of them are imports, how many slots) */
static PyObject *maker_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *owned, *names;
    unsigned long long companion, module, look;
    Py_ssize_t imports, slots;
    if (!PyArg_ParseTuple(args, "OKKKO!nn", &owned, &companion, &module, &look, &PyTuple_Type, &names, &imports, &slots)) return NULL;
    int sound = imports >= 0 && slots >= 0 && PyTuple_GET_SIZE(names) == OWN_NAMES + 1 + imports + slots;
    for (Py_ssize_t k = 0; sound && k < PyTuple_GET_SIZE(names); k++) sound = PyBytes_CheckExact(PyTuple_GET_ITEM(names, k));
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "these are not the names of what an instance is made of");
        return NULL;
    }
    Maker *self = (Maker *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->owned = Py_NewRef(owned);
    self->names = Py_NewRef(names);
    self->companion = (void *)(uintptr_t)companion;
    self->module = (void *)(uintptr_t)module;
    self->look = (void *)(uintptr_t)look;
    self->imports = imports;
    self->slots = slots;
    return (PyObject *)self;
}

static void maker_dealloc(Maker *self) {
    Py_XDECREF(self->owned);
    Py_XDECREF(self->names);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyTypeObject MakerType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Maker",
    .tp_doc = "Makes instances of one guest in stores.",
    .tp_basicsize = sizeof(Maker),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = maker_new,
    .tp_dealloc = (destructor)maker_dealloc,
    .tp_call = (ternaryfunc)maker_call,
};
