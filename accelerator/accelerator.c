/* The call path of bindgen-patch in C: an ordinary call from its first check to its last, what the guest asks of its host meanwhile, and
 * nothing else.
 *
 * Whatever is not ordinary is declined, before anything has happened, and the Python code that is being sped up does it: a call in
 * the middle of another, an instance that is dead, due, or has something to see to, an argument that has to be converted or refused.
 * What goes wrong once the guest runs is handed to the same Python code that judges it everywhere else. So there is one meaning,
 * and it is written in Python; `Gate`, `Core`, `Front` and `Box` are the fields of `Guard`, `Guest`, `Instance` and `Object` that have to
 * be read quickly. tests/accelerator does everything twice and compares.
 *
 * The engine is reached by the addresses of its functions (`bind`): nothing is linked against it.
 *
 * One translation unit in several files, each of which needs those before it; the functions that a call goes through are in export.h.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <structmember.h>

#define ABI_VERSION 6 /* what `bindgen_patch/accelerator.py` asks for */

#include "engine.h"
#include "lock.h"
#include "guard.h"
#include "guest.h"
#include "words.h"
#include "values.h"
#include "box.h"
#include "export.h"
#include "host.h"
#include "taker.h"
#include "maker.h"

/* ------------------------------------------------------------------------------------------------ the module */

static PyMethodDef functions[] = {
    {"bind", bind, METH_VARARGS, "bind(address of wasmtime_func_call_unchecked, of wasmtime_global_set, sizes of a func, a slot, a value)"},
    {"bind_exceptions", bind_exceptions, METH_VARARGS,
     "bind_exceptions(addresses of wasmtime_context_take_exception, _exnref_tag, _exnref_unroot, _tag_eq, _trap_code,"
     " wasm_trap_delete, sizes of an exception, of a tag)"},
    {"bind_instances", bind_instances, METH_VARARGS,
     "bind_instances(addresses of wasmtime_store_epoch_deadline_callback, _context_set_epoch_deadline, _instance_pre_instantiate, _instance_new, _instance_export_get, _global_get, _table_set,"
     " _memory_data, _memory_data_size, size of a Made, an exception class, what raises an error of the engine's)"},
    {"find", (PyCFunction)(void (*)(void))find_export, METH_FASTCALL, "find(context, a Made, which instance in it, name, kind, an Extern to fill)"},
    {"view", (PyCFunction)(void (*)(void))view, METH_FASTCALL, "view(address, size, flags), as PyMemoryView_FromMemory()"},
    {"know", know, METH_VARARGS, "know(JavaScript's null and Error, bytes: how what a panic says begins)"},
    {"watch", watch, METH_O, "Have a function told of every call into a guest and its guard: for tests."},
    {"set_plain", set_plain, METH_O, "Whether there is nothing to look at before a call in this thread."},
    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "bindgen_patch_accelerator",
    .m_doc = "The call path of bindgen-patch in C.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit_bindgen_patch_accelerator(void) {
    const uint16_t one = 1;
    if (*(const uint8_t *)&one != 1) {
        PyErr_SetString(PyExc_ImportError, "for little-endian machines only");
        return NULL;
    }
    for (size_t k = 0; k < sizeof NAMES / sizeof *NAMES; k++)
        if ((*NAMES[k].place = PyUnicode_InternFromString(NAMES[k].text)) == NULL) return NULL;
    PyTypeObject *types[] = {&LockType, &GateType, &FrontType, &CoreType, &WordsType, &QueueType, &BoxType, &ExportType, &HostType, &TakerType, &I32Type,
                             &MakerType};
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (PyModule_AddType(module, types[k]) < 0) goto failed;
    if (PyModule_AddIntConstant(module, "ABI_VERSION", ABI_VERSION) < 0 ||
        PyModule_AddObject(module, "HOST_CALL", PyLong_FromVoidPtr((void *)(uintptr_t)host_call)) < 0 ||
        PyModule_AddObject(module, "TAKEN_OUT", PyLong_FromVoidPtr((void *)(uintptr_t)taken_out)) < 0)
        goto failed;
    return module;
failed:
    Py_DECREF(module);
    return NULL;
}
