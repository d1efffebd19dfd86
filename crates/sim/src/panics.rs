//! A panic is a broken rule, also where the gateway recovers from it.

use std::cell::RefCell;
use std::sync::Once;

use smithers_actors::simulated;

thread_local! {
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notes panics on the threads of simulations from now on, in silence; others go the usual way.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if simulated::is_on() {
                FIRST.with_borrow_mut(|first| {
                    first.get_or_insert_with(|| format!("a panic: {info}"));
                });
            } else {
                usual(info);
            }
        }));
    });
}

/// Takes the first panic of this thread since the last call.
pub(crate) fn take() -> Option<String> {
    FIRST.take()
}
