/* Queue and Box: Rust values that Python owns, and the destructors of those that it let go. */

/* A destructor to be run: a call name, and the address of the value; or a tuple that Python code has put there. */
typedef struct {
    PyObject *name;
    uint32_t address;
    int whole; /* `name` is the tuple */
} Entry;

typedef struct {
    PyObject_HEAD
    Entry *entries; /* those from `first` up to `end` are waiting */
    Py_ssize_t first, end, room;
} Queue;

static PyTypeObject QueueType;

static inline Py_ssize_t waiting(PyObject *queue) {
    return ((Queue *)queue)->end - ((Queue *)queue)->first;
}

/* Put an entry at the end; the reference is taken over. -1 with an exception. */
static int queue_add(Queue *self, Entry entry) {
    if (self->first == self->end) self->first = self->end = 0;
    if (self->end == self->room) {
        Py_ssize_t room = 2 * self->room + 16;
        Entry *entries = PyMem_Realloc(self->entries, room * sizeof(Entry));
        if (entries == NULL) {
            Py_DECREF(entry.name);
            PyErr_NoMemory();
            return -1;
        }
        self->entries = entries;
        self->room = room;
    }
    self->entries[self->end++] = entry;
    return 0;
}

static PyObject *queue_append(Queue *self, PyObject *item) {
    return queue_add(self, (Entry){Py_NewRef(item), 0, 1}) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *queue_extend(Queue *self, PyObject *items) {
    PyObject *item, *iterator = PyObject_GetIter(items);
    if (iterator == NULL) return NULL;
    while ((item = PyIter_Next(iterator)) != NULL && queue_add(self, (Entry){item, 0, 1}) == 0) continue;
    Py_DECREF(iterator);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *queue_popleft(Queue *self, PyObject *Py_UNUSED(ignored)) {
    if (self->first == self->end) {
        PyErr_SetString(PyExc_IndexError, "pop from an empty queue");
        return NULL;
    }
    Entry entry = self->entries[self->first++];
    return entry.whole ? entry.name : Py_BuildValue("N(Ii)", entry.name, entry.address, 1);
}

static PyObject *queue_clear(Queue *self, PyObject *Py_UNUSED(ignored)) {
    while (self->first < self->end) Py_DECREF(self->entries[self->first++].name);
    Py_RETURN_NONE;
}

static void queue_dealloc(Queue *self) {
    queue_clear(self, NULL);
    PyMem_Free(self->entries);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef queue_methods[] = {
    {"append", (PyCFunction)queue_append, METH_O, NULL},
    {"extend", (PyCFunction)queue_extend, METH_O, NULL},
    {"popleft", (PyCFunction)queue_popleft, METH_NOARGS, NULL},
    {"clear", (PyCFunction)queue_clear, METH_NOARGS, NULL},
    {NULL},
};

static PySequenceMethods queue_as_sequence = {.sq_length = waiting};

static PyTypeObject QueueType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Queue",
    .tp_doc = "A deque of (call name, arguments): destructors to be run.",
    .tp_basicsize = sizeof(Queue),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)queue_dealloc,
    .tp_as_sequence = &queue_as_sequence,
    .tp_methods = queue_methods,
};

static inline int has_garbage(Core *guest) {
    return guest->garbage == NULL || !Py_IS_TYPE(guest->garbage, &QueueType) || waiting(guest->garbage) > 0;
}

/* The number of an export by its call name; -1 without an exception when it was not looked up yet. */
static Py_ssize_t number_of(Core *guest, PyObject *name) {
    PyObject *known = guest->numbers == NULL || !PyDict_CheckExact(guest->numbers) ? NULL : PyDict_GetItemWithError(guest->numbers, name);
    Py_ssize_t number = known == NULL ? -1 : PyLong_AsSsize_t(known);
    PyErr_Clear();
    return number >= 0 && number < guest->count && guest->funcs[number].store_id ? number : -1;
}

/* Run the destructors of collected objects, as Guest.tend(). -1 with an exception; 0 when Python has to see to what is left. */
static int sweep(Core *guest) {
    if (guest->garbage == NULL || !Py_IS_TYPE(guest->garbage, &QueueType)) return 0;
    Queue *queue = (Queue *)guest->garbage;
    while (queue->first < queue->end && is_none(guest->death)) {
        Entry entry = queue->entries[queue->first];
        Py_ssize_t number = entry.whole ? -1 : number_of(guest, entry.name);
        if (number < 0) return 0;
        queue->first++;
        Slot room[4], *slots = room + 1;
        slots[0].i32 = (int32_t)entry.address;
        slots[1].i32 = 1;
        Outcome outcome = run(guest, &guest->funcs[number], slots, 2);
        Py_DECREF(entry.name);
        if (outcome.error || outcome.trap) {
            judge((PyObject *)guest, outcome, -1);
            PyObject *told = PyObject_CallMethod((PyObject *)guest, "_not_destroyed", "N", raised());
            if (told == NULL) return -1;
            Py_DECREF(told);
        }
    }
    return 1;
}

/* ------------------------------------------------------------------------------------------------ Box: fields of an Object */

typedef struct {
    PyObject_HEAD
    PyObject *guest, *origin, *state;
    unsigned long long pointer;
} Box;

static PyTypeObject BoxType;

/* Where its instance may be made afresh, an object remembers what it was made of. */
static PyObject *box_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *stale = PyObject_GetAttr((PyObject *)type, str_stale);
    if (stale == NULL) return NULL;
    int plain = stale == str_raise || (PyUnicode_Check(stale) && PyUnicode_Compare(stale, str_raise) == 0);
    Py_DECREF(stale);
    PyObject *origin = NULL;
    if (!plain) {
        PyObject *named = kwargs == NULL ? PyDict_New() : Py_NewRef(kwargs);
        origin = named == NULL ? NULL : PyTuple_Pack(2, args, named);
        Py_XDECREF(named);
        if (origin == NULL) return NULL;
    }
    Box *self = (Box *)type->tp_alloc(type, 0);
    if (self == NULL) {
        Py_XDECREF(origin);
        return NULL;
    }
    self->origin = origin;
    return (PyObject *)self;
}

/* Leave the Rust value to the next call: this may run anywhere, in any thread, so it enters nothing. */
static void box_finalize(PyObject *object) {
    Box *self = (Box *)object;
    Core *guest = (Core *)self->guest;
    uint32_t address = (uint32_t)self->pointer;
    self->pointer = 0;
    if (!address || guest == NULL || !is_core(self->guest) || !is_none(guest->death)) return;
    if (guest->garbage == NULL || !Py_IS_TYPE(guest->garbage, &QueueType)) return;
    PyObject *kind, *error, *trace;
    PyErr_Fetch(&kind, &error, &trace);
    PyObject *name = PyObject_GetAttr(object, str_free);
    if (name == NULL || queue_add((Queue *)guest->garbage, (Entry){name, address, 0}) < 0) PyErr_WriteUnraisable(object);
    PyErr_Restore(kind, error, trace);
}

static int box_traverse(Box *self, visitproc visit, void *arg) {
    Py_VISIT(self->guest);
    Py_VISIT(self->origin);
    Py_VISIT(self->state);
    return 0;
}

static int box_clear(Box *self) {
    Py_CLEAR(self->guest);
    Py_CLEAR(self->origin);
    Py_CLEAR(self->state);
    return 0;
}

static void box_dealloc(Box *self) {
    PyObject_GC_UnTrack(self);
    box_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

/* Whether it is of a class that extends Box. Those inherit how it ends, but for the few that have a `__del__` of their own. */
static inline int is_box(PyObject *object) {
    return Py_TYPE(object)->tp_finalize == box_finalize || PyObject_TypeCheck(object, &BoxType);
}

static inline int box_is_gone(Box *self) {
    if (is_none(self->guest) || !self->pointer) return 1;
    return is_core(self->guest) && !is_none(((Core *)self->guest)->death);
}

static PyObject *box_free(Box *self, PyObject *Py_UNUSED(ignored)) {
    if (box_is_gone(self)) Py_RETURN_NONE;
    PyObject *done = PyObject_CallMethodNoArgs((PyObject *)self, str_drop);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    Py_RETURN_NONE;
}

static PyObject *box_drop(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored)) {
    PyErr_SetNone(PyExc_NotImplementedError);
    return NULL;
}

static PyMemberDef box_members[] = {
    {"_bp_guest", T_OBJECT, offsetof(Box, guest), 0, NULL},
    {"_bp_origin", T_OBJECT, offsetof(Box, origin), 0, NULL},
    {"_bp_state", T_OBJECT, offsetof(Box, state), 0, NULL},
    {"_bp_pointer", T_ULONGLONG, offsetof(Box, pointer), 0, NULL},
    {NULL},
};

static PyMethodDef box_methods[] = {
    {"free", (PyCFunction)box_free, METH_NOARGS, "Drop the Rust value now. Does nothing when it is gone already, or its instance is."},
    {"_bp_drop", box_drop, METH_NOARGS, "The way in behind free(); generated classes have it."},
    {NULL},
};

static PyTypeObject BoxType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "bindgen_patch_accelerator.Box",
    .tp_doc = "The fields of an Object, and how it begins and ends.",
    .tp_basicsize = sizeof(Box),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = box_new,
    .tp_dealloc = (destructor)box_dealloc,
    .tp_finalize = box_finalize,
    .tp_traverse = (traverseproc)box_traverse,
    .tp_clear = (inquiry)box_clear,
    .tp_members = box_members,
    .tp_methods = box_methods,
};
