/* Gate and Front: the fields of a Guard and of an Instance that every call reads. */

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

static inline int is_gate(PyObject *value) {
    static PyTypeObject *guard;
    return extends(value, &GateType, &guard);
}

/* ------------------------------------------------------------------------------------------------ Front: the field of an Instance */

typedef struct {
    PyObject_HEAD
    PyObject *door;
} Front;

static PyTypeObject FrontType;

static int front_traverse(Front *self, visitproc visit, void *arg) {
    Py_VISIT(self->door);
    return 0;
}

static int front_clear(Front *self) {
    Py_CLEAR(self->door);
    return 0;
}

static void front_dealloc(Front *self) {
    PyObject_GC_UnTrack(self);
    front_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMemberDef front_members[] = {
    {"_bp_door", T_OBJECT_EX, offsetof(Front, door), 0, NULL},
    {NULL},
};

static PyTypeObject FrontType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Front",
    .tp_doc = "The field of an Instance that every call reads.",
    .tp_basicsize = sizeof(Front),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)front_dealloc,
    .tp_traverse = (traverseproc)front_traverse,
    .tp_clear = (inquiry)front_clear,
    .tp_members = front_members,
};
