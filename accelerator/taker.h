/* Taker: takes the exception that has just left the guest out of the store. See exception_taker() in runtime/capi.py. */

typedef struct { /* wasmtime_exnref_t */
    uint64_t store_id;
    uint32_t private1, private2;
    void *private3;
} Exception;

typedef struct { /* wasmtime_tag_t */
    uint64_t store_id;
    uint32_t private1, padding, private2;
} Tag;

static bool (*engine_take_exception)(void *context, Exception *exception);
static void *(*engine_exception_tag)(void *context, const Exception *exception, Tag *tag);
static void (*engine_unroot)(Exception *exception);
static bool (*engine_tag_eq)(void *context, const Tag *one, const Tag *other);
static bool (*engine_trap_code)(const void *trap, uint8_t *code);
static void (*engine_trap_delete)(void *trap);

static PyObject *bind_exceptions(PyObject *Py_UNUSED(module), PyObject *args) {
    unsigned long long take, tag, unroot, equal, code, delete;
    Py_ssize_t exception_bytes, tag_bytes;
    if (!PyArg_ParseTuple(args, "KKKKKKnn", &take, &tag, &unroot, &equal, &code, &delete, &exception_bytes, &tag_bytes)) return NULL;
    if (exception_bytes != sizeof(Exception) || tag_bytes != sizeof(Tag)) {
        PyErr_SetString(PyExc_ValueError, "the engine's structures are not those that this was made for");
        return NULL;
    }
    engine_take_exception = (bool (*)(void *, Exception *))(uintptr_t)take;
    engine_exception_tag = (void *(*)(void *, const Exception *, Tag *))(uintptr_t)tag;
    engine_unroot = (void (*)(Exception *))(uintptr_t)unroot;
    engine_tag_eq = (bool (*)(void *, const Tag *, const Tag *))(uintptr_t)equal;
    engine_trap_code = (bool (*)(const void *, uint8_t *))(uintptr_t)code;
    engine_trap_delete = (void (*)(void *))(uintptr_t)delete;
    Py_RETURN_NONE;
}

typedef struct {
    PyObject_HEAD
    void *context;
    Func func; /* of the store, and calls taken() */
    Tag ours, thrown;
    int found;
    int looked; /* the exception was taken, and who asks next is told what it was */
} Taker;

static PyTypeObject TakerType;

/* What the engine calls: only in a host function does it clear up after an exception was taken. */
static void *taken_out(void *environment, void *Py_UNUSED(caller), Slot *Py_UNUSED(slots)) {
    Taker *self = environment;
    Exception exception;
    if (engine_take_exception(self->context, &exception)) {
        self->found = engine_exception_tag(self->context, &exception, &self->thrown) == NULL;
        engine_unroot(&exception);
    }
    return NULL;
}

/* Take what has just left: 1 when it is ours, 0 when it is not or there is none, -1 with an exception. */
static int taker_look(Taker *self) {
    Slot slots[1];
    void *trap = NULL;
    self->found = 0;
    if (engine_call(self->context, &self->func, slots, 1, &trap) != NULL || trap != NULL) {
        PyErr_SetString(PyExc_SystemError, "a host function that does nothing but look failed");
        return -1;
    }
    return self->found && engine_tag_eq(self->context, &self->thrown, &self->ours);
}

/* Whether it is ours; None: there is none. */
static PyObject *taker_call(Taker *self, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs)) {
    int looked = self->looked;
    self->looked = 0;
    int ours = looked ? 0 : taker_look(self);
    if (ours < 0) return NULL;
    if (!self->found) Py_RETURN_NONE;
    return PyBool_FromLong(ours);
}

/* Taker(context, bytes of the tag): to be bound to a function that calls TAKEN_OUT with its `environment`. */
static PyObject *taker_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    unsigned long long context;
    const char *tag;
    Py_ssize_t bytes;
    if (!PyArg_ParseTuple(args, "Ky#", &context, &tag, &bytes)) return NULL;
    if (bytes != sizeof(Tag)) {
        PyErr_SetString(PyExc_ValueError, "no tag");
        return NULL;
    }
    Taker *self = (Taker *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->context = (void *)(uintptr_t)context;
    memcpy(&self->ours, tag, sizeof(Tag));
    return (PyObject *)self;
}

static PyObject *taker_bind(Taker *self, PyObject *args) {
    if (!PyArg_ParseTuple(args, "KK", &self->func.store_id, &self->func.index)) return NULL;
    Py_RETURN_NONE;
}

static void taker_dealloc(Taker *self) { Py_TYPE(self)->tp_free((PyObject *)self); }

static PyObject *taker_address(Taker *self, void *Py_UNUSED(closure)) { return PyLong_FromVoidPtr(self); }

static PyMethodDef taker_methods[] = {
    {"bind", (PyCFunction)taker_bind, METH_VARARGS, NULL},
    {NULL},
};

static PyGetSetDef taker_getset[] = {
    {"environment", (getter)taker_address, NULL, "What the engine hands to TAKEN_OUT.", NULL},
    {NULL},
};

static PyTypeObject TakerType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Taker",
    .tp_doc = "Takes the exception that has just left the guest out of the store.",
    .tp_basicsize = sizeof(Taker),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = taker_new,
    .tp_dealloc = (destructor)taker_dealloc,
    .tp_call = (ternaryfunc)taker_call,
    .tp_methods = taker_methods,
    .tp_getset = taker_getset,
};

/* ------------------------------------------------------------------------------------------------ a host's exception, on its way out */

/* `object.first.second`, or NULL without an exception. */
static PyObject *attribute(PyObject *object, PyObject *first, PyObject *second) {
    PyObject *between = PyObject_GetAttr(object, first);
    PyObject *found = between == NULL ? NULL : PyObject_GetAttr(between, second);
    Py_XDECREF(between);
    if (found == NULL) PyErr_Clear();
    return found;
}

/* Whether what has left the guest is the companion's exception. 0, too, where Python has to find out: of an export it remembers. */
static int is_ours(Core *guest, Outcome outcome) {
    uint8_t code;
    if (outcome.number >= 0 || engine_trap_code(outcome.trap, &code)) return 0;
    PyObject *runner = attribute((PyObject *)guest, str_realm, str_runner);
    int idle = runner != NULL && PyLong_CheckExact(runner) && PyLong_AsUnsignedLongMask(runner) == 0;
    Py_XDECREF(runner);
    PyObject *taker = idle ? attribute((PyObject *)guest, str_companion, str_take) : NULL;
    int ours = taker != NULL && Py_IS_TYPE(taker, &TakerType) ? taker_look((Taker *)taker) : -1;
    if (ours == 0) ((Taker *)taker)->looked = 1;
    Py_XDECREF(taker);
    if (ours <= 0) {
        PyErr_Clear();
        return 0;
    }
    engine_trap_delete(outcome.trap);
    return 1;
}

/* What a host function raised has come through the guest as the companion's exception, and nothing else is the matter: raise it, as
 * Guest._judge() would. 0: Python has to find out why the call ended. */
static int pass_on(Core *guest, Outcome outcome) {
    if (outcome.error || !outcome.trap || is_none(guest->host_error) || !is_none(guest->death) || guest->in_hook) return 0;
    if (outcome.trap != CAUGHT && !is_ours(guest, outcome)) return 0;
    PyObject *error = guest->host_error;
    guest->host_error = NULL;
    Py_XSETREF(guest->unwound, PyExceptionInstance_Check(error) && PyObject_TypeCheck(error, (PyTypeObject *)PyExc_Exception) ? NULL : Py_NewRef(error));
    throw(error);
    return 1;
}
