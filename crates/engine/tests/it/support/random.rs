//! Random workflows.

use proptest::prelude::*;

/// What a leaf does, whatever happens around it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf {
    Static,
    Compute,
    Skipped,
    /// Throws this often, then gives its row.
    Flaky(u32),
    /// Throws, and may.
    Fails,
    /// Throws, and takes with it what depends on it.
    Apart,
    /// An approval with this answer; a no is stored.
    Asks(bool),
    /// As `Asks`, of an owner whose time may run out.
    Owned(bool),
    /// An approval that nobody answers and that is denied in the end.
    Unheard,
    /// A task behind a gate with this answer; a no leaves it out.
    Gated(bool),
}

impl Leaf {
    pub(crate) fn gives_row(self) -> bool {
        !matches!(
            self,
            Self::Skipped | Self::Fails | Self::Apart | Self::Gated(false)
        )
    }
}

/// Which of the leaves before a leaf it depends on.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) on: prop::sample::Index,
    /// It gets the row, and is mounted once that is there, where this is sure to happen.
    pub(crate) for_row: bool,
}

/// A workflow before its leaves have names.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Leaf(Leaf, i8, Option<Dependency>),
    Seq(Vec<Shape>),
    Group(Vec<Shape>),
    Par(Option<u32>, Option<u32>, Vec<Shape>),
    /// Mounted once the first leaf has its row. Inside a loop: mounted.
    When(Box<Shape>),
    /// A task, and what is mounted once it has its row.
    Plan(Box<Shape>),
    /// This many passes over what is in it.
    Loop(u32, Vec<Shape>),
    /// Mounted in every other pass.
    EveryOther(Box<Shape>),
}

/// A random workflow of up to about twenty leaves.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let kind = prop_oneof![
        4 => Just(Leaf::Static),
        4 => Just(Leaf::Compute),
        1 => Just(Leaf::Skipped),
        1 => (1..3u32).prop_map(Leaf::Flaky),
        1 => Just(Leaf::Fails),
        1 => Just(Leaf::Apart),
        2 => any::<bool>().prop_map(Leaf::Asks),
        1 => any::<bool>().prop_map(Leaf::Owned),
        1 => Just(Leaf::Unheard),
        1 => any::<bool>().prop_map(Leaf::Gated),
    ];
    let dependency = (any::<prop::sample::Index>(), any::<bool>())
        .prop_map(|(on, for_row)| Dependency { on, for_row });
    let dependency = prop::option::weighted(0.25, dependency);
    let leaf = (kind, -1..2i8, dependency)
        .prop_map(|(leaf, priority, dep)| Shape::Leaf(leaf, priority, dep));
    leaf.prop_recursive(4, 20, 4, |inner| {
        let children = || prop::collection::vec(inner.clone(), 0..5);
        let few = || prop::collection::vec(inner.clone(), 0..3);
        let limit = || prop::option::of(1..4u32);
        prop_oneof![
            3 => children().prop_map(Shape::Seq),
            1 => children().prop_map(Shape::Group),
            3 => (limit(), limit(), children()).prop_map(|(max, trees, children)| Shape::Par(max, trees, children)),
            1 => inner.clone().prop_map(|shape| Shape::When(Box::new(shape))),
            1 => inner.clone().prop_map(|shape| Shape::Plan(Box::new(shape))),
            1 => (1..4u32, few()).prop_map(|(passes, body)| Shape::Loop(passes, body)),
            1 => inner.clone().prop_map(|shape| Shape::EveryOther(Box::new(shape))),
        ]
    })
}
