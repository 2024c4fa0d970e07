/* RLock, whose owner C code can see. The interpreter's own lock guards its fields, so to take a free one costs nothing.
 *
 * Who waits is called when it is free, and may find that somebody else was quicker. After that nobody else is: it is promised. */

typedef struct {
    PyObject_HEAD
    unsigned long owner; /* 0: nobody; or PROMISED. Who holds the interpreter may look, and take what is free */
    Py_ssize_t count, waiting;
    PyThread_type_lock bell; /* held, but for the moment in which somebody who waits is called */
    int rung, missed; /* somebody was called; was called and came too late */
    double patience; /* seconds that `with` waits; negative: for ever */
} Lock;

#define PROMISED ULONG_MAX /* to the first of those who wait that comes by */

static PyTypeObject LockType;

static PyObject *lock_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
    PyObject *patience = Py_None;
    double seconds = -1;
    if (!PyArg_ParseTuple(args, "|O:RLock", &patience)) return NULL;
    if (patience != Py_None && (seconds = PyFloat_AsDouble(patience)) == -1 && PyErr_Occurred()) return NULL;
    Lock *self = (Lock *)type->tp_alloc(type, 0);
    if (self == NULL) return NULL;
    self->patience = seconds > 1e9 ? -1 : seconds;
    self->bell = PyThread_allocate_lock();
    if (self->bell == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    PyThread_acquire_lock(self->bell, NOWAIT_LOCK);
    return (PyObject *)self;
}

static void lock_dealloc(Lock *self) {
    if (self->bell != NULL) {
        if (!self->rung) PyThread_release_lock(self->bell);
        PyThread_free_lock(self->bell);
    }
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static inline int lock_try(Lock *self, unsigned long thread) {
    if (self->owner) return 0;
    self->owner = thread;
    self->count = 1;
    return 1;
}

static inline void lock_drop(Lock *self) {
    if (--self->count) return;
    self->owner = self->waiting && self->missed ? PROMISED : 0;
    if (self->waiting && !self->rung) {
        self->rung = 1;
        PyThread_release_lock(self->bell);
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
    unsigned long thread = PyThread_get_thread_ident();
    if (self->owner == thread) {
        self->count++;
        return 1;
    }
    if (lock_try(self, thread)) return 1;
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
        self->waiting++;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(self->bell, left, 1);
        Py_END_ALLOW_THREADS
        self->waiting--;
        if (status == PY_LOCK_ACQUIRED) self->rung = 0;
        if (self->owner == PROMISED) self->owner = 0;
        self->missed = !lock_try(self, thread); /* then somebody was quicker, and rings when it is done */
        if (!self->missed) return 1;
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
    int got = lock_wait(self, self->patience);
    if (got > 0) Py_RETURN_TRUE;
    if (!got) {
        char *seconds = PyOS_double_to_string(self->patience, 'g', 6, 0, NULL);
        if (seconds == NULL) return NULL;
        PyErr_Format(PyExc_TimeoutError, "the instance has been busy in another thread for %s seconds", seconds);
        PyMem_Free(seconds);
    }
    return NULL;
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

static PyObject *lock_is_free(Lock *self, PyObject *Py_UNUSED(ignored)) {
    return PyBool_FromLong(!self->owner || self->owner == PyThread_get_thread_ident());
}

static PyMethodDef lock_methods[] = {
    {"acquire", (PyCFunction)(void (*)(void))lock_acquire, METH_VARARGS | METH_KEYWORDS, NULL},
    {"release", (PyCFunction)lock_release, METH_NOARGS, NULL},
    {"__enter__", (PyCFunction)lock_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)(void (*)(void))lock_exit, METH_FASTCALL, NULL},
    {"_is_owned", (PyCFunction)lock_is_owned, METH_NOARGS, NULL},
    {"is_free", (PyCFunction)lock_is_free, METH_NOARGS, "Whether no other thread has it."},
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
