/* The accelerator without its guard, to be measured against the accelerator: what a call costs that nobody watches over.
 *
 * Calls go straight to the guest behind the door: whether it is alive, busy, due, or has something to see to is not asked, and nothing
 * is put in order afterwards. Arguments, memory and results are checked as ever, by the same code. For bench only.
 */
#define PyInit_bindgen_patch_accelerator init_guarded
#include "../accelerator/accelerator.c"
#undef PyInit_bindgen_patch_accelerator

static PyObject *unguarded_call(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
    Export *self = (Export *)callable;
    PyObject *result = NULL;
    Slot room[2 * MOST + 4], *slots = room + 1;
    Taken taken[MOST];
    int where[MOST], used = -1, returned;
    if (PyVectorcall_NARGS(nargsf) != self->count + 1 || (kwnames != NULL && PyTuple_GET_SIZE(kwnames))) goto decline;
    Gate *door = (Gate *)door_of(self, args[0]);
    Core *guest = door == NULL ? NULL : (Core *)Py_XNewRef(door->guest);
    Py_XDECREF(door);
    if (guest != NULL && is_core((PyObject *)guest) && is_known(self, guest)) used = begin(self, guest, args[0], slots);
    if (used >= 0) used = take_all(self, args + 1, slots, used, taken, where);
    if (used >= 0) {
        result = carry_out(self, args[0], (PyObject *)guest, slots, used, taken, where, &returned);
        if (self->allocates) let_go(taken, self->count);
    }
    Py_XDECREF(guest);
    if (used >= 0) return result;
decline:
    return PyObject_Vectorcall(self->original, args, nargsf, kwnames);
}

static PyObject *unguarded_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *made = export_new(type, args, kwargs);
    if (made != NULL) ((Export *)made)->call = unguarded_call;
    return made;
}

PyMODINIT_FUNC PyInit_bindgen_patch_accelerator(void) {
    ExportType.tp_new = unguarded_new;
    return init_guarded();
}
