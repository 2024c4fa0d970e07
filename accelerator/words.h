/* Words: a call of words, for Python code. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *guest;
    Route func;
    char *params; /* letters, as in calls.py */
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

/* Call, with the words where the engine reads them. */
static PyObject *words_run(Words *self, PyObject *guest, Slot *slots) {
    if (!((Core *)guest)->context) {
        PyErr_SetString(PyExc_RuntimeError, "the instance is gone");
        return NULL;
    }
    Outcome outcome = run((Core *)guest, &self->func, slots, self->count ? self->count : 1);
    if (outcome.error || outcome.trap) {
        judge(guest, outcome, -1);
        return NULL;
    }
    return self->result ? load_word(&slots[0], self->result) : Py_NewRef(Py_None);
}

static PyObject *words_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    Words *self = (Words *)callable;
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    if (count != self->count || (kwnames != NULL && PyTuple_GET_SIZE(kwnames))) {
        PyErr_Format(PyExc_TypeError, "a function of %d words was called with %zd", self->count, count);
        return NULL;
    }
    Slot few[18], *room = self->count <= 16 ? few : PyMem_Malloc((self->count + 2) * sizeof(Slot)), *slots = room + 1;
    if (room == NULL) return PyErr_NoMemory();
    PyObject *guest = Py_NewRef(self->guest), *result = NULL;
    int stored = 0;
    while (stored < self->count && store_word(&slots[stored], self->params[stored], args[stored]) == 0) stored++;
    if (stored == self->count) result = words_run(self, guest, slots);
    Py_DECREF(guest);
    if (room != few) PyMem_Free(room);
    return result;
}

static PyObject *words_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *guest;
    Route func;
    const char *signature;
    if (!PyArg_ParseTuple(args, "O!KKKns", &CoreType, &guest, &func.store_id, &func.index, &func.inner, &func.number, &signature)) return NULL;
    const char *colon = strchr(signature, ':');
    if (colon == NULL) {
        PyErr_SetString(PyExc_ValueError, "no signature");
        return NULL;
    }
    Words *self = (Words *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->call = words_call;
    self->guest = Py_NewRef(guest);
    self->func = func;
    self->count = (int)(colon - signature);
    self->result = colon[1];
    self->params = PyMem_Malloc(self->count + 1);
    if (self->params == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    memcpy(self->params, signature, self->count);
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
    PyMem_Free(self->params);
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
