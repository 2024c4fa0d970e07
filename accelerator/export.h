/* Export: a whole call, from the door and back. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *original; /* the Python function that this does sooner */
    Py_ssize_t number, whole; /* of the export, and of the function that makes a whole call of it; -1: none */
    Type params[MOST];
    int count;
    enum { METHOD, CONSTRUCTOR, FUNCTION, DROP } role;
    int fallible, record, nothing, allocates, frees;
    Type result;
    PyObject *array; /* what is made of numbers, called with their format */
} Export;

/* The exception that is set is what the call ends with, unless the guard says otherwise: as `raise door.failed(guest, error)`. A function
 * that has `returned` has put the stack pointer back by itself. */
static void fail(PyObject *door, PyObject *guest, int returned) {
    if (is_none(((Core *)guest)->death) && (returned || restore_stack((Core *)guest))) return;
    PyObject *error = raised(), *told = PyObject_CallMethodObjArgs(door, str_failed, guest, error, NULL);
    if (told == NULL) told = raised(); /* a hook was interrupted */
    if (told != error) PyException_SetContext(told, Py_NewRef(error));
    Py_DECREF(error);
    throw(told);
}

/* `door.leave(guest, False)`, whether or not an exception is set. What that raises comes first. */
static void leave(PyObject *door, PyObject *guest) {
    PyObject *kind, *error, *trace;
    PyErr_Fetch(&kind, &error, &trace);
    PyObject *done = PyObject_CallMethodObjArgs(door, str_leave, guest, Py_False, NULL);
    if (done != NULL) {
        Py_DECREF(done);
        PyErr_Restore(kind, error, trace);
    } else if (kind != NULL) {
        PyObject *other = raised();
        PyErr_Restore(kind, error, trace);
        PyException_SetContext(other, raised());
        throw(other);
    }
}

static PyObject *changed(void) {
    PyErr_SetString(PyExc_RuntimeError, "a list was changed while it was given to the guest");
    return NULL;
}

/* Copy arguments that need it into fresh memory of the guest's, the interpreter let go as it is afterwards. -1 with an exception, and with
 * the interpreter taken back. */
static int lower(Export *self, PyObject *object, Call *call, Slot *slots, const Taken *taken, const int *where) {
    for (int k = 0; k < self->count; k++) {
        const Type *type = &self->params[k];
        if (!is_carried(type)) continue;
        char *place;
        uint32_t address = allocate(object, call, (uint64_t)taken[k].bytes, width_of(type), &place);
        if (!address) return -1;
        if (taken[k].is_list) {
            come_back(call);
            if (store_items(&taken[k], type, place) < 0) {
                changed();
                return -1;
            }
            let_others_run(call, (Core *)object);
        } else if (taken[k].bytes)
            memcpy(place, taken[k].data, taken[k].bytes);
        slots[where[k]].i32 = (int32_t)address;
        slots[where[k] + 1].i32 = (int32_t)(uint32_t)taken[k].items;
    }
    return 0;
}

/* What the call has stored in the result area, 16 bytes of it; -1 with an exception, which may be the Err that it tells of. */
static int load_record(Export *self, PyObject *object, uint32_t address, uint32_t *record) {
    Core *guest = (Core *)object;
    char *place = reach(object, address, 32);
    if (place == NULL) return -1;
    memcpy(record, place, 16);
    if (!self->fallible) return 0;
    int wide = !self->nothing && self->result.kind != INT && self->result.kind != F32 && self->result.kind != BOOL;
    int at = self->nothing ? 0 : wide ? 2 : 1;
    if (!record[at + 1]) return 0;
    throw_handle(guest, record[at]);
    return -1;
}

/* What a call has returned, as a value: `record` tells of what lies in memory. */
static PyObject *lift(Export *self, PyObject *receiver, PyObject *object, const Slot *word, const uint32_t *record) {
    if (self->role == CONSTRUCTOR) {
        Py_XSETREF(((Box *)receiver)->guest, Py_NewRef(object));
        ((Box *)receiver)->pointer = (uint32_t)word->i32;
        Py_RETURN_NONE;
    }
    if (self->nothing) Py_RETURN_NONE;
    if (!self->frees) return lift_word(&self->result, word);
    return lift_memory(&self->result, self->array, object, record[0], record[1], 1);
}

/* Where the guest's area of whole calls is in the host, if this call is to go by it. */
static char *area_of(const Export *self, const Core *guest, const Taken *taken) {
    if (self->whole < 0 || self->whole >= guest->count || !guest->funcs[self->whole].store_id || !guest->area) return NULL;
    if (guest->area + AREA_BYTES > guest->size) return NULL;
    uint64_t bytes = 0;
    for (int k = 0; k < self->count; k++)
        if (is_carried(&self->params[k])) {
            if ((uint64_t)taken[k].bytes > WORTH_IN) return NULL;
            bytes += ((uint64_t)taken[k].bytes + 7) & ~7ULL;
        }
    return bytes <= WORTH_IN ? (char *)(uintptr_t)guest->base + guest->area : NULL;
}

/* Text or numbers that are ours to free: the next whole call does that, unless they are large. */
static PyObject *lift_and_leave(Export *self, PyObject *object, char *area, const uint32_t *record) {
    uint32_t width = width_of(&self->result);
    if (record[1] > AREA_FITS / width) return lift_memory(&self->result, self->array, object, record[0], record[1], 1);
    PyObject *value = lift_memory(&self->result, self->array, object, record[0], record[1], 0);
    uint32_t left[3] = {record[0], record[1] * width, width};
    if (value != NULL) memcpy(area + AREA_LEFT, left, sizeof left);
    return value;
}

/* A whole call in one crossing, see edit/whole.py: NULL with an exception when it failed. */
static PyObject *carry_whole(Export *self, PyObject *receiver, PyObject *object, const Slot *slots, const Taken *taken,
                             const int *where, char *area, int *returned) {
    Core *guest = (Core *)object;
    Slot room[MOST + 5], *words = room + 1;
    Call call;
    int count = 0;
    char *place = area + AREA_DATA;
    if (self->role == METHOD) words[count++] = slots[self->record];
    for (int k = 0; k < self->count; k++) {
        if (!is_carried(&self->params[k])) {
            words[count++] = slots[where[k]];
            continue;
        }
        if (taken[k].is_list && store_items(&taken[k], &self->params[k], place) < 0) return changed();
        if (!taken[k].is_list && taken[k].bytes) memcpy(place, taken[k].data, taken[k].bytes);
        words[count++].i32 = (int32_t)(uint32_t)taken[k].items;
        place += (taken[k].bytes + 7) & ~(Py_ssize_t)7;
    }
    words[count++].i32 = (int32_t)(uint32_t)guest->area;
    words[count++].i32 = WORTH_OUT;
    let_others_run(&call, guest);
    Outcome outcome = enter(guest, &guest->funcs[self->whole], words, count);
    come_back(&call);
    if (outcome.error || outcome.trap) {
        judge(object, outcome, -1);
        return NULL;
    }
    uint32_t record[4];
    if (self->frees && words[0].i32 >= 0) {
        if (words[0].i32 <= AREA_FITS / width_of(&self->result))
            return lift_memory(&self->result, self->array, object, (uint32_t)guest->area + AREA_DATA, (uint32_t)words[0].i32, 0);
        violation(object, PyUnicode_FromString("a whole call returned more than fits"));
        return NULL;
    }
    if (self->record) {
        *returned = load_record(self, object, (uint32_t)guest->area + AREA_RECORD, record) < 0;
        if (*returned) return NULL; /* its Err */
        if (self->frees) return lift_and_leave(self, object, area, record);
        memcpy(&words[0], record, 8);
    }
    return lift(self, receiver, object, &words[0], record);
}

/* The call itself, once it was let in and its arguments are checked: NULL with an exception when it failed. */
static PyObject *carry_out(Export *self, PyObject *receiver, PyObject *object, Slot *slots, int used, Taken *taken, const int *where,
                           int *returned) {
    Core *guest = (Core *)object;
    Call call;
    if (self->role == DROP) ((Box *)receiver)->pointer = 0;
    if (watcher != NULL) tell_watcher(guest, 0);
    char *area = area_of(self, guest, taken);
    if (area != NULL) return carry_whole(self, receiver, object, slots, taken, where, area, returned);
    let_others_run(&call, guest);
    if (self->allocates && lower(self, object, &call, slots, taken, where) < 0) return NULL;
    Outcome outcome = enter(guest, &guest->funcs[self->number], slots, used ? used : 1);
    come_back(&call);
    if (outcome.error || outcome.trap) {
        judge(object, outcome, -1);
        return NULL;
    }
    uint32_t record[4];
    if (self->record) {
        *returned = load_record(self, object, (uint32_t)guest->result, record) < 0;
        if (*returned) return NULL; /* its Err */
        memcpy(&slots[0], record, 8);
    }
    return lift(self, receiver, object, &slots[0], record);
}

/* The door of `receiver`, as `receiver._bp_door`; NULL without an exception where that cannot be plain. */
static PyObject *door_of(const Export *self, PyObject *receiver) {
    if (self->role == FUNCTION && PyObject_TypeCheck(receiver, &FrontType)) return Py_XNewRef(((Front *)receiver)->door);
    if (self->role != FUNCTION && !is_box(receiver)) return NULL;
    if (self->role == METHOD || self->role == DROP) {
        PyObject *guest = ((Box *)receiver)->guest;
        return guest != NULL && is_core(guest) ? Py_XNewRef(((Core *)guest)->door) : NULL;
    }
    PyObject *found = PyObject_GetAttr(receiver, str_door); /* of a class, or of an object that is being made */
    if (found == NULL) PyErr_Clear();
    return found;
}

/* The same, when it lets an ordinary call in. */
static Gate *find_door(const Export *self, PyObject *receiver) {
    PyObject *found = door_of(self, receiver);
    if (found == NULL) return NULL;
    Gate *door = (Gate *)found;
    if (is_gate(found) && door->ready && !door->due && door->rlock != NULL && Py_IS_TYPE(door->rlock, &LockType) && door->guest != NULL &&
        is_core(door->guest))
        return door;
    Py_DECREF(found);
    return NULL;
}

/* Whether the functions that the call needs were looked up. */
static inline int is_known(const Export *self, const Core *guest) {
    return self->number < guest->count && guest->funcs[self->number].store_id && (!self->allocates || guest->funcs[MALLOC].store_id) &&
           (!self->frees || guest->funcs[FREE].store_id);
}

/* Free what finalizers have left, before the call: 1 when it may go on, 0 when Python has to see to it, -1 with an exception. */
static int free_garbage(Gate *door, Core *guest) {
    door->ready = 0;
    Py_INCREF(guest);
    if (watcher != NULL) tell_watcher(guest, 1);
    int swept = sweep(guest);
    if (watcher != NULL) tell_watcher(guest, -1);
    if (swept > 0) swept = !door->due && is_calm(guest) && !has_garbage(guest);
    if (swept > 0) door->ready = 1;
    if (swept == 0 && !is_none(guest->death)) { /* one of them was its end, which is seen to as at the end of a call */
        leave((PyObject *)door, (PyObject *)guest);
        if (PyErr_Occurred()) swept = -1;
    }
    Py_DECREF(guest);
    return swept;
}

/* The words in front of the arguments: how many, or -1 when Python has to look at the object. */
static int begin(const Export *self, const Core *guest, PyObject *receiver, Slot *slots) {
    int used = 0;
    if (self->record) slots[used++].i32 = (int32_t)(uint32_t)guest->result;
    if (self->role == FUNCTION) return used;
    const Box *box = (Box *)receiver;
    if (self->role == CONSTRUCTOR) return box->pointer ? -1 : used;
    if (!box->pointer || box->guest != (PyObject *)guest) return -1;
    slots[used++].i32 = (int32_t)(uint32_t)box->pointer;
    if (self->role == DROP) slots[used++].i32 = 0;
    return used;
}

/* Check the arguments: how many words there are then, or -1 when Python has to. `taken` is to be let go of in either case. */
static int take_all(const Export *self, PyObject *const *args, Slot *slots, int used, Taken *taken, int *where) {
    for (int k = 0; k < self->count; k++) {
        const Type *type = &self->params[k];
        taken[k].owner = NULL;
        taken[k].is_list = taken[k].has_view = 0;
        where[k] = used;
        if (!take(type, args[k], &slots[used], &taken[k])) {
            let_go(taken, k + 1);
            return -1;
        }
        used += is_carried(type) ? 2 : 1;
    }
    return used;
}

/* Between the door and the door, with the lock: see Guard.enter() and Guard.leave(). */
static PyObject *go_through(Export *self, PyObject *receiver, Gate *door, Slot *slots, int used, Taken *taken, const int *where) {
    Core *guest = (Core *)Py_NewRef(door->guest);
    door->calls++;
    if (watcher != NULL) tell_watcher(guest, 1);
    int returned = 0;
    PyObject *result = carry_out(self, receiver, (PyObject *)guest, slots, used, taken, where, &returned);
    if (self->allocates) let_go(taken, self->count);
    if (result == NULL) fail((PyObject *)door, (PyObject *)guest, returned);
    if (is_none(guest->death) && is_none(guest->frames) && is_none(guest->fallen) && !PyList_GET_SIZE(guest->lent) && !door->limited)
        door->ready = 1; /* as Guard.leave() has it; nobody else runs between the look and this */
    else {
        leave((PyObject *)door, (PyObject *)guest);
        if (PyErr_Occurred()) Py_CLEAR(result);
    }
    if (watcher != NULL) tell_watcher(guest, -1);
    Py_DECREF(guest);
    return result;
}

static PyObject *export_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    Export *self = (Export *)callable;
    PyObject *receiver, *result = NULL;
    Gate *door = NULL;
    Slot room[2 * MOST + 4], *slots = room + 1;
    Taken taken[MOST];
    int where[MOST], used, swept, declined = 1;
    if (PyVectorcall_NARGS(nargsf) != self->count + 1 || (kwnames != NULL && PyTuple_GET_SIZE(kwnames))) goto decline;
    receiver = args[0];
    door = find_door(self, receiver);
    if (door == NULL || !here()->plain || !lock_try((Lock *)door->rlock, here()->ident)) goto decline;
    if (!is_known(self, (Core *)door->guest) || !is_calm((Core *)door->guest)) goto unlock;
    if (has_garbage((Core *)door->guest) && (swept = free_garbage(door, (Core *)door->guest)) <= 0) {
        declined = swept == 0;
        goto unlock;
    }
    used = begin(self, (Core *)door->guest, receiver, slots);
    if (used < 0) goto unlock;
    /* From here on this thread is inside: what Python code an exporter of buffers may run counts as nested in this call. */
    door->ready = 0;
    used = take_all(self, args + 1, slots, used, taken, where);
    if (used < 0)
        door->ready = 1;
    else {
        result = go_through(self, receiver, door, slots, used, taken, where);
        declined = 0;
    }
unlock:
    lock_drop((Lock *)door->rlock);
decline:
    Py_XDECREF(door);
    return declined ? PyObject_Vectorcall(self->original, args, nargsf, kwnames) : result;
}

/* Export(function, number, whole, role, params, result, fallible, array); ValueError for types that only Python knows. */
static PyObject *export_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *original, *params, *array;
    Py_ssize_t number, whole;
    const char *role, *result;
    int fallible;
    if (!PyArg_ParseTuple(args, "OnnsO!spO", &original, &number, &whole, &role, &PyTuple_Type, &params, &result, &fallible,
                          &array)) return NULL;
    Type types[MOST], returned = {0};
    if (PyTuple_GET_SIZE(params) > MOST) goto unknown;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(params); k++) {
        const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(params, k));
        if (name == NULL) return NULL;
        if (!find_type(name, &types[k]) || types[k].kind > NUMBERS) goto unknown;
    }
    if (*result && (!find_type(result, &returned) || returned.kind > NUMBERS)) goto unknown;
    Export *self = (Export *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->call = export_call;
    self->original = Py_NewRef(original);
    self->array = Py_NewRef(array);
    self->number = number;
    self->whole = whole;
    self->role = *role == 'm' ? METHOD : *role == 'c' ? CONSTRUCTOR : *role == 'd' ? DROP : FUNCTION;
    self->count = (int)PyTuple_GET_SIZE(params);
    memcpy(self->params, types, sizeof types);
    self->result = returned;
    self->nothing = !*result;
    self->fallible = fallible;
    for (int k = 0; k < self->count; k++) self->allocates |= is_carried(&types[k]);
    self->frees = *result && is_carried(&returned);
    self->record = fallible || self->frees;
    return (PyObject *)self;
unknown:
    PyErr_SetString(PyExc_ValueError, "a type that is not for here");
    return NULL;
}

static int export_traverse(Export *self, visitproc visit, void *arg) {
    Py_VISIT(self->original);
    Py_VISIT(self->array);
    return 0;
}

static int export_clear(Export *self) {
    Py_CLEAR(self->original);
    Py_CLEAR(self->array);
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
