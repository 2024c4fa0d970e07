/* Types of arguments and results, and how they cross: the plain cases, everything else is for Python. */

typedef enum { INT, I64, U64, F32, F64, BOOL, STRING, NUMBERS, TEXT, VALUE } Kind; /* the last two for host functions only */

typedef struct {
    Kind kind;
    long long low, high; /* of an INT */
    char code;           /* of NUMBERS: the format of an element */
    int width;
} Type;

#define MOST 12

/* An argument that is checked, and not yet in the guest. */
typedef struct {
    PyObject *owner; /* keeps `data`, or is the list whose items are to be stored */
    int is_list, has_view;
    const char *data;
    Py_ssize_t bytes, items;
    Py_buffer view;
} Taken;

static const struct {
    const char *name;
    Type type;
} TYPES[] = {
    {"u8", {INT, 0, UINT8_MAX}},          {"i8", {INT, INT8_MIN, INT8_MAX}},   {"u16", {INT, 0, UINT16_MAX}},
    {"i16", {INT, INT16_MIN, INT16_MAX}}, {"u32", {INT, 0, UINT32_MAX}},       {"i32", {INT, INT32_MIN, INT32_MAX}},
    {"i64", {I64}},                       {"u64", {U64}},                      {"f32", {F32}},
    {"f64", {F64}},                       {"bool", {BOOL}},                    {"str", {STRING}},
    {"[B]", {NUMBERS, 0, UINT8_MAX, 'B', 1}},  {"[b]", {NUMBERS, INT8_MIN, INT8_MAX, 'b', 1}},
    {"[H]", {NUMBERS, 0, UINT16_MAX, 'H', 2}}, {"[h]", {NUMBERS, INT16_MIN, INT16_MAX, 'h', 2}},
    {"[I]", {NUMBERS, 0, UINT32_MAX, 'I', 4}}, {"[i]", {NUMBERS, INT32_MIN, INT32_MAX, 'i', 4}},
    {"[Q]", {NUMBERS, 0, 0, 'Q', 8}},          {"[q]", {NUMBERS, INT64_MIN, INT64_MAX, 'q', 8}},
    {"[f]", {NUMBERS, 0, 0, 'f', 4}},          {"[d]", {NUMBERS, 0, 0, 'd', 8}},
    {"&str", {TEXT}},                     {"JsValue", {VALUE}},
};

/* Whether it is text or numbers, which cross in memory, and how many bytes an element has there. */
static inline int is_carried(const Type *type) { return type->kind == STRING || type->kind == NUMBERS; }

static inline int width_of(const Type *type) { return type->kind == STRING ? 1 : type->width; }

static int find_type(const char *name, Type *type) {
    for (size_t k = 0; k < sizeof TYPES / sizeof *TYPES; k++)
        if (strcmp(TYPES[k].name, name) == 0) {
            *type = TYPES[k].type;
            return 1;
        }
    return 0;
}

/* Whether elements that their exporter calls `format` are those of `code`. */
static int same_format(const char *format, char code, Py_ssize_t width, Py_ssize_t itemsize) {
    static const char *const SAME[] = {"BBc?", "bb", "HH", "hh", "IIL", "iil", "QQLN", "qqln", "ff", "dd"};
    if (format == NULL) return code == 'B';
    while (*format == '@' || *format == '=' || *format == '<') format++;
    if (!format[0] || format[1] || itemsize != width) return 0;
    for (size_t k = 0; k < sizeof SAME / sizeof *SAME; k++)
        if (SAME[k][0] == code) return strchr(SAME[k] + 1, format[0]) != NULL;
    return 0;
}

/* An int of one digit, which most are: read where it lies. 0 for others. */
static inline int is_small(PyObject *value, long long *number) {
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact((PyLongObject *)value)) return 0;
    *number = PyUnstable_Long_CompactValue((PyLongObject *)value);
#else
    Py_ssize_t size = Py_SIZE(value);
    if (size < -1 || size > 1) return 0;
    *number = size ? size * (long long)((PyLongObject *)value)->ob_digit[0] : 0;
#endif
    return 1;
}

/* Whether `value` is an int, and none of a subclass, between `low` and `high`. */
static inline int whole(PyObject *value, long long low, long long high, long long *number) {
    int overflow = 0;
    if (!PyLong_CheckExact(value)) return 0;
    if (!is_small(value, number)) *number = PyLong_AsLongLongAndOverflow(value, &overflow);
    return !overflow && low <= *number && *number <= high;
}

/* The same as take() below for NUMBERS: a list, or a buffer of that format. */
static int take_numbers(const Type *type, PyObject *value, Taken *taken) {
    long long number;
    if (PyList_CheckExact(value)) {
        Py_ssize_t count = PyList_GET_SIZE(value);
        if (count > (Py_ssize_t)(UINT32_MAX / type->width)) return 0;
        for (Py_ssize_t k = 0; k < count; k++) {
            PyObject *item = PyList_GET_ITEM(value, k);
            if (type->code == 'd' || type->code == 'f' ? !PyFloat_CheckExact(item)
                                                       : type->code == 'Q' || !whole(item, type->low, type->high, &number))
                return 0;
        }
        taken->is_list = 1;
        taken->owner = Py_NewRef(value);
        taken->items = count;
        taken->bytes = count * type->width;
        return 1;
    }
    if (PyUnicode_Check(value) || !PyObject_CheckBuffer(value)) return 0;
    if (PyObject_GetBuffer(value, &taken->view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        PyErr_Clear();
        return 0;
    }
    taken->has_view = 1;
    if (taken->view.ndim < 1 || !same_format(taken->view.format, type->code, type->width, taken->view.itemsize)) return 0;
    taken->data = taken->view.buf;
    taken->bytes = taken->view.len;
    taken->items = taken->view.len / type->width;
    return 1;
}

/* Check an argument: 1, or 0 when Python has to look at it. Nothing has happened in either case; no exception is set. */
static int take(const Type *type, PyObject *value, Slot *slot, Taken *taken) {
    long long number;
    switch (type->kind) {
        case INT:
            if (!whole(value, type->low, type->high, &number)) return 0;
            slot->i32 = (int32_t)number;
            return 1;
        case I64:
            if (!whole(value, INT64_MIN, INT64_MAX, &number)) return 0;
            slot->i64 = number;
            return 1;
        case U64: {
            if (!PyLong_CheckExact(value)) return 0;
            unsigned long long word = PyLong_AsUnsignedLongLong(value);
            if (word == (unsigned long long)-1 && PyErr_Occurred()) {
                PyErr_Clear();
                return 0;
            }
            slot->i64 = (int64_t)word;
            return 1;
        }
        case F32:
        case F64: {
            double real;
            if (PyFloat_CheckExact(value))
                real = PyFloat_AS_DOUBLE(value);
            else if (whole(value, -(1LL << 53), 1LL << 53, &number))
                real = (double)number;
            else
                return 0;
            if (type->kind == F64)
                slot->f64 = real;
            else
                slot->f32 = (float)real;
            return 1;
        }
        case BOOL:
            if (value != Py_True && value != Py_False) return 0;
            slot->i32 = value == Py_True;
            return 1;
        case STRING:
            if (!PyUnicode_CheckExact(value)) return 0;
            if (PyUnicode_READY(value) == 0 && PyUnicode_IS_ASCII(value)) {
                taken->data = (const char *)PyUnicode_1BYTE_DATA(value);
                taken->bytes = taken->items = PyUnicode_GET_LENGTH(value);
                return 1;
            }
            taken->owner = PyUnicode_AsUTF8String(value); /* its own copy, lest every text is kept twice */
            if (taken->owner == NULL) {
                PyErr_Clear();
                return 0;
            }
            taken->data = PyBytes_AS_STRING(taken->owner);
            taken->bytes = taken->items = PyBytes_GET_SIZE(taken->owner);
            return 1;
        case NUMBERS:
            return take_numbers(type, value, taken);
        default:
            return 0;
    }
}

static void let_go(Taken *taken, int count) {
    for (int k = 0; k < count; k++) {
        if (taken[k].has_view) PyBuffer_Release(&taken[k].view);
        Py_XDECREF(taken[k].owner);
    }
}

/* The items of a list, which were checked: nothing has run since that could have changed them, other threads apart. -1: changed. */
static int store_items(const Taken *taken, const Type *type, char *place) {
    PyObject *list = taken->owner;
    if (PyList_GET_SIZE(list) != taken->items) return -1;
    for (Py_ssize_t k = 0; k < taken->items; k++) {
        PyObject *item = PyList_GET_ITEM(list, k);
        if (type->code == 'd' || type->code == 'f') {
            if (!PyFloat_CheckExact(item)) return -1;
            double real = PyFloat_AS_DOUBLE(item);
            if (type->code == 'd')
                memcpy(place + 8 * k, &real, 8);
            else {
                float narrow = (float)real;
                memcpy(place + 4 * k, &narrow, 4);
            }
            continue;
        }
        long long number;
        if (!whole(item, type->low, type->high, &number)) return -1;
        memcpy(place + type->width * k, &number, type->width); /* little-endian hosts only; see exec() */
    }
    return 0;
}

/* A Python value for a word. */
static inline PyObject *lift_word(const Type *type, const Slot *word) {
    switch (type->kind) {
        case INT:
            return type->high == UINT32_MAX ? PyLong_FromUnsignedLong((uint32_t)word->i32) : PyLong_FromLong(word->i32);
        case I64:
            return PyLong_FromLongLong(word->i64);
        case U64:
            return PyLong_FromUnsignedLongLong((uint64_t)word->i64);
        case F32:
            return PyFloat_FromDouble(word->f32);
        case F64:
            return PyFloat_FromDouble(word->f64);
        default:
            return PyBool_FromLong(word->i32);
    }
}

/* For loops over bytes: a second form for processors with wide registers, chosen when the extension is loaded. */
#if defined(__GLIBC__) && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* Copy bytes that are all ASCII; 0 when they are not, and then there is no telling how many were copied. A loop without a way out in its
 * middle, which compilers do in strides: to look and to copy at once takes little longer than to copy. */
static WIDE int copy_ascii(char *restrict to, const char *restrict from, size_t size) {
    for (size_t at = 0; at < size; at += 4096) {
        unsigned char seen = 0;
        size_t end = size - at < 4096 ? size : at + 4096;
        for (size_t k = at; k < end; k++) {
            seen |= (unsigned char)from[k];
            to[k] = from[k];
        }
        if (seen & 0x80) return 0;
    }
    return 1;
}

/* UTF-8 as a str. */
static PyObject *decode(const char *text, size_t size) {
    if (size < 2 || text[0] & 0x80) return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, NULL);
    PyObject *value = PyUnicode_New((Py_ssize_t)size, 127);
    if (value == NULL || copy_ascii((char *)PyUnicode_1BYTE_DATA(value), text, size)) return value;
    Py_DECREF(value);
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, NULL);
}

/* What lies at an address in the guest: text or numbers. `array` makes numbers, called with their format. `owned`: it is ours to free. */
static PyObject *lift_memory(const Type *type, PyObject *array, PyObject *object, uint32_t address, uint32_t length, int owned) {
    int width = width_of(type);
    uint64_t bytes = (uint64_t)length * width;
    char *place = reach(object, address, bytes);
    if (place == NULL) return NULL;
    PyObject *value;
    if (type->kind == STRING) {
        value = decode(place, (size_t)bytes);
        if (value == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
            PyObject *kind, *error, *trace, *reason;
            PyErr_Fetch(&kind, &error, &trace);
            PyErr_NormalizeException(&kind, &error, &trace);
            reason = PyUnicodeDecodeError_GetReason(error);
            violation(object, PyUnicode_FromFormat("a str that is not UTF-8 (%V)", reason, "?"));
            Py_XDECREF(reason);
            Py_XDECREF(kind);
            Py_XDECREF(error);
            Py_XDECREF(trace);
        }
    } else if (type->code == 'B') {
        value = PyBytes_FromStringAndSize(place, (Py_ssize_t)bytes);
    } else {
        char code[2] = {type->code, 0};
        value = PyObject_CallFunction(array, "s", code);
        if (value != NULL && bytes) {
            PyObject *view = PyMemoryView_FromMemory(place, (Py_ssize_t)bytes, PyBUF_READ);
            PyObject *done = view == NULL ? NULL : PyObject_CallMethodOneArg(value, str_frombytes, view);
            Py_XDECREF(view);
            if (done == NULL) Py_CLEAR(value);
            Py_XDECREF(done);
        }
    }
    if (value != NULL && bytes && owned && release(object, address, (uint32_t)bytes, width) < 0) Py_CLEAR(value);
    return value;
}


/* Whether the guest's panic hook may be speaking: then Guest.string() has to look closer. */
static int may_be_last_words(const char *text, size_t size) {
    const char *begin = PyBytes_AS_STRING(spoken), *end = text + (size < 1000 ? size : 1000);
    size_t length = (size_t)PyBytes_GET_SIZE(spoken);
    while ((size_t)(end - text) >= length && (text = memchr(text, *begin, (size_t)(end - text) - length + 1)) != NULL) {
        if (memcmp(text, begin, length) == 0) return 1;
        text++;
    }
    return 0;
}

/* Text that the guest lends; NULL without an exception: Python has to look. */
static PyObject *lift_text(Core *guest, uint32_t address, uint32_t size) {
    if ((uint64_t)address + size > guest->size || spoken == NULL) return NULL;
    const char *place = (const char *)(uintptr_t)guest->base + address;
    if (may_be_last_words(place, size)) return NULL;
    PyObject *text = decode(place, size);
    if (text == NULL) PyErr_Clear();
    return text;
}
