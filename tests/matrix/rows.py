"""Where the rows of docs/recovery.md's table of events are tested: by events or ways in of the matrix, or ``module::test`` in tests/run."""

from __future__ import annotations

_PANICS = ("Panic", "PanicWithoutText", "Unwrap", "Index")

ROWS: dict[str, tuple[str, ...]] = {
    "Rust panic, unwind": (
        *_PANICS,
        "test_recovery::test_panic_unwinds",
        "test_recovery::test_state_is_kept_and_destructors_run",
        "test_recovery::test_panic_hook_runs_first",
        "test_recovery::test_a_method_that_panicked_leaves_its_object_usable",
        "test_recovery::test_many_panics_leak_nothing",
    ),
    "panic inside a destructor while panicking, unwind": ("PanicInDrop", "test_recovery::test_panic_while_panicking"),
    "Rust panic, abort": (*_PANICS, "test_recovery::test_panic_aborts", "test_start::test_the_message_of_a_panic_that_aborts"),
    "`process::abort`, `unreachable`": ("Abort", "Unreachable"),
    "out of memory, stack overflow (either stack), access outside memory, bad table index or signature": (
        "OutOfMemory",
        "ShadowStack",
        "NativeStack",
        "OutOfBounds",
        "TableIndex",
        "Signature",
    ),
    "a raw Rust exception leaves an export (`*_aborting` closures, a field getter's borrow conflict)": ("aborting", "free", "field"),
    "the guest breaks the protocol: an address outside memory, a handle that stands for nothing, a `str` that is not UTF-8": (
        "BrokenAbi",
        "test_hostile::test_strings_outside_memory",
        "test_hostile::test_made_up_handles",
        "test_hostile::test_a_string_that_is_not_utf8",
    ),
    '`instance.terminate("why")`, from any thread': (
        "TerminatedByHost",
        "TerminatedByThread",
        "test_recovery::test_terminate",
        "test_recovery::test_terminate_before_the_first_call",
        "test_limits::test_terminate_from_another_thread",
        "test_threads::test_terminate_in_any_moment",
    ),
    "`Limits(seconds_per_call=…)` or `instance.deadline(…)` passed, in wasm code or in a host function": (
        "Deadline",
        "test_limits::test_seconds_per_call",
        "test_limits::test_time_in_host_functions_counts",
        "test_threads::test_deadlines_in_any_moment",
    ),
    "`Limits(fuel_per_call=…)` burnt": ("Fuel", "test_limits::test_fuel"),
    "a call that begins after its deadline block has passed": ("test_limits::test_a_call_after_the_deadline_is_not_let_in",),
    "the thread's stack is too small for the guest's": ("test_limits::test_no_thread_is_too_small",),
    "an asyncio task is cancelled whose call runs in a worker thread": (
        "test_threads::test_cancelling_a_task_stops_its_guest",
        "test_threads::test_cancelling_between_two_calls",
    ),
    "the abort hook takes longer than `seconds_per_call` (one second, where that is not set), or `terminate()` meanwhile": (
        "hook",
        "test_limits::test_the_abort_hook_is_limited",
        "test_limits::test_terminate_during_the_hook",
    ),
    "the guest raises its own `__instance_terminated`": ("test_hostile::test_a_guest_that_raises_its_own_flag",),
    "`Err(JsError)`, `throw_str`": ("ErrError", "ThrowStr"),
    "`Err(value)`, `throw_val`": ("ErrValue", "ThrowVal", "test_recovery::test_err_and_throw"),
    "a host function raises, plain import": ("HostError", "Interrupt", "test_recovery::test_many_host_exceptions_leak_nothing"),
    "a host function raises, `catch` import": ("HostErrorCaught", "InterruptCaught"),
    "borrow conflict, use after free or consumption": (
        "BorrowConflict",
        "test_recovery::test_borrow_conflicts",
        "test_recovery::test_use_after_free_and_after_consumption",
        "test_recovery::test_wrong_class",
    ),
    "closure called after it was dropped, `FnMut` inside itself": (
        "test_closures::test_lent_closures_expire",
        "test_closures::test_once",
        "test_closures::test_entered_twice",
    ),
    "object or closure of an earlier instance used": (
        "test_recovery::test_first_call_after_reinit_on_an_old_object",
        "test_closures::test_stale_closures",
    ),
    'the same, where `stale` is `"recreate"` or a callable': (
        "test_stale::test_recreate",
        "test_stale::test_restore_gets_class_arguments_and_state",
        "test_stale::test_a_constructor_that_fails_the_second_time",
    ),
    "object of a dead or earlier instance freed or collected": (
        "test_recovery::test_every_way_in_is_refused_after_a_death",
        "test_recovery::test_freeing_a_stale_object_frees_nothing",
    ),
    "death inside a nested call, swallowed by the host": ("swallowed", "`catch`", "test_recovery::test_a_nested_abort_cannot_be_swallowed"),
    "the abort hook panics, traps or raises": (
        "hook",
        "test_recovery::test_a_hook_that_fails_is_logged",
        "test_recovery::test_a_host_hook_that_fails_is_logged",
    ),
    "the abort hook calls host functions, `schedule_reinit()` before or after": (
        "test_recovery::test_a_hook_schedules_a_fresh_instance",
        "test_recovery::test_a_hook_may_call_the_host_but_the_host_not_the_guest",
    ),
    "the abort hook is set twice": ("test_recovery::test_the_last_hook_wins",),
    "`start` fails, or is terminated": (
        "start",
        "test_start::test_a_start_that_fails",
        "test_start::test_a_restart_that_fails",
        "test_start::test_terminate_inside_start",
    ),
    "`schedule_reinit()`, then a nested call": (
        "ReinitByGuest",
        "ReinitByHost",
        "test_recovery::test_only_the_outermost_call_replaces_the_instance",
    ),
    "panic in an `async fn` export, before or after the first await, unwind": ("async", "await", "test_futures::test_panic_in_a_poll"),
    "death in an `async fn` export, before or after the first await": ("async", "await", "test_futures::test_death_in_a_poll"),
    "other awaitables that are pending when their instance dies, is replaced or closed": (
        "test_futures::test_death_in_a_call_while_others_wait",
        "test_futures::test_terminate_while_others_wait",
        "test_futures::test_reinit_while_pending",
        "test_futures::test_close_while_pending",
    ),
    "microtasks and reactions of an instance that is gone": ("test_futures::test_reinit_with_microtasks_in_the_queue",),
    "an awaitable of the host raises, or is cancelled": (
        "test_futures::test_exceptions_of_the_host_pass_through",
        "test_futures::test_a_cancelled_awaitable_is_an_err",
        "test_futures::test_interrupts_never_become_an_err",
    ),
    "a host function raises inside a poll, plain import": (
        "async",
        "await",
        "test_futures::test_a_failing_host_function_without_catch",
        "test_futures::test_who_waits_for_something_else_is_not_blamed",
    ),
    "panic in a task of `spawn_local` or in a microtask, unwind": (
        "task",
        "test_futures::test_panics_that_nobody_waits_for_are_logged",
        "test_futures::test_panic_in_a_reaction",
    ),
}
