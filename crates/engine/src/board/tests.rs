//! Whatever happens in whatever tree: the board comes to what a walk over everything comes to.

use std::sync::Arc;

use proptest::prelude::*;
use smithers_model::output::OutputTable;
use smithers_model::tree::{
    Kind, LoopSpec, OnFailure, OnMaxReached, ParallelSpec, Region, RetryPolicy, SagaSpec, TaskBody,
    TaskSpec, Tree, TreeBuilder, TrySpec,
};
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::{NodeId, NodeKey, Timestamp};

use super::Board;
use super::walk::walk;
use crate::frame::Frame;
use crate::view::{LoopView, Standing, TaskView, View};

/// A tree before its tasks have names.
#[derive(Clone, Debug)]
enum Shape {
    /// With a priority, and perhaps the number of a task it depends on.
    Task(i8, Option<u8>),
    Sequence(Vec<Shape>),
    Group(Vec<Shape>),
    Parallel(Option<u32>, Option<u32>, Vec<Shape>),
    Loop(Box<Shape>),
    Saga(OnFailure, Vec<(Shape, Shape)>),
    /// With a code that it catches, or all; and with a part for failures and one for any case, or without.
    Try(
        Option<usize>,
        Box<Shape>,
        Option<Box<Shape>>,
        Option<Box<Shape>>,
    ),
    /// A part of a saga or try block.
    Region(Region, Vec<Shape>),
}

/// Codes that try blocks name.
const CODES: [&str; 2] = ["A", "B"];

fn shapes() -> impl Strategy<Value = Shape> {
    let dependency = prop::option::weighted(0.3, 0..24u8);
    let task = (-1..2i8, dependency).prop_map(|(priority, on)| Shape::Task(priority, on));
    task.prop_recursive(5, 30, 5, |inner| {
        let children = || prop::collection::vec(inner.clone(), 0..6);
        let limit = || prop::option::of(1..4u32);
        prop_oneof![
            3 => children().prop_map(Shape::Sequence),
            1 => children().prop_map(Shape::Group),
            3 => (limit(), limit(), children()).prop_map(|(max, few, inside)| Shape::Parallel(max, few, inside)),
            1 => children().prop_map(|inside| Shape::Loop(Box::new(Shape::Group(inside)))),
            2 => (on_failure(), prop::collection::vec((inner.clone(), inner.clone()), 0..4))
                .prop_map(|(on_failure, steps)| Shape::Saga(on_failure, steps)),
            2 => (prop::option::of(0..CODES.len()), boxed(inner.clone()), prop::option::of(boxed(inner.clone())),
                prop::option::of(boxed(inner.clone())))
                .prop_map(|(code, tried, caught, finally)| Shape::Try(code, tried, caught, finally)),
        ]
    })
}

fn boxed(shape: impl Strategy<Value = Shape>) -> impl Strategy<Value = Box<Shape>> {
    shape.prop_map(Box::new)
}

fn on_failure() -> impl Strategy<Value = OnFailure> {
    prop_oneof![
        Just(OnFailure::Compensate),
        Just(OnFailure::CompensateAndFail),
        Just(OnFailure::Fail),
    ]
}

fn standings() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Fresh),
        Just(Standing::Ready),
        (1..9i64).prop_map(|due| Standing::Resting {
            due: Timestamp(due)
        }),
        any::<bool>().prop_map(|passable| Standing::Waiting { passable }),
        Just(Standing::InFlight),
        Just(Standing::Done),
        Just(Standing::Done),
        Just(Standing::Apart),
        Just(Standing::Broken),
        prop::option::of(0..CODES.len()).prop_map(|code| Standing::Caught { code }),
    ]
}

fn task_views() -> impl Strategy<Value = TaskView> {
    (standings(), any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |(standing, weightless, left_out)| TaskView {
            standing,
            weightless,
            left_out,
            worked: standing == Standing::Done && !weightless,
        },
    )
}

/// Which element is to change, to what: as a task or as a loop.
type Change = (prop::sample::Index, TaskView, LoopView);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let loop_view =
        (any::<bool>(), any::<bool>()).prop_map(|(ended, begun)| LoopView { ended, begun });
    prop::collection::vec(
        (any::<prop::sample::Index>(), task_views(), loop_view),
        0..60,
    )
}

fn write(tree: &mut TreeBuilder, shape: &Shape, names: &mut u32) {
    let (kind, children) = parts(shape, *names);
    *names += 1;
    tree.open(kind, "t", Vec::new());
    for child in &children {
        write(tree, child, names);
    }
    tree.close();
}

/// What the element called `name` is, and what is in it.
fn parts(shape: &Shape, name: u32) -> (Kind, Vec<Shape>) {
    match shape.clone() {
        Shape::Task(priority, on) => (Kind::Task(Box::new(task(name, priority, on))), Vec::new()),
        Shape::Sequence(children) => (Kind::Sequence, children),
        Shape::Group(children) => (Kind::Group, children),
        Shape::Region(region, children) => (Kind::Region(region), children),
        Shape::Parallel(max_concurrency, subtree_concurrency, children) => {
            let spec = ParallelSpec {
                max_concurrency,
                subtree_concurrency,
            };
            (Kind::Parallel(spec), children)
        }
        Shape::Loop(body) => {
            let spec = LoopSpec {
                id: format!("l{name}").as_str().into(),
                until: false,
                max_iterations: 3,
                continue_as_new_every: None,
                on_max_reached: OnMaxReached::ReturnLast,
            };
            (Kind::Loop(spec), vec![*body])
        }
        Shape::Saga(on_failure, steps) => {
            let spec = SagaSpec {
                id: format!("s{name}"),
                on_failure,
                on_cancel: None,
            };
            let (actions, compensations) = steps.into_iter().unzip();
            let actions = Shape::Region(Region::Actions, actions);
            let compensations = Shape::Region(Region::Compensations, compensations);
            (Kind::Saga(spec), vec![actions, compensations])
        }
        Shape::Try(code, tried, caught, finally) => {
            let spec = TrySpec {
                id: format!("y{name}"),
                catch_errors: code
                    .map(|code| CODES[code].to_owned())
                    .into_iter()
                    .collect(),
            };
            let region = |of, shape: Box<Shape>| Shape::Region(of, vec![*shape]);
            let tried = region(Region::Try, tried);
            let caught = caught.map(|caught| region(Region::Catch, caught));
            let finally = finally.map(|finally| region(Region::Finally, finally));
            let parts = [Some(tried), caught, finally];
            (Kind::Try(spec), parts.into_iter().flatten().collect())
        }
    }
}

fn task(name: u32, priority: i8, on: Option<u8>) -> TaskSpec {
    let id = format!("t{name}");
    TaskSpec {
        node: NodeKey::new(id.as_str(), 0),
        label: None,
        output_table: "r".into(),
        skip_if: false,
        depends_on: on
            .map(|on| NodeId::new(format!("t{on}")))
            .into_iter()
            .collect(),
        priority: i64::from(priority),
        body: TaskBody::Static(None),
        approval: None,
        continue_on_fail: false,
        quarantine: false,
        side_effect: None,
        worktree: None,
        bind: None,
        aspects: None,
        scorers: Vec::new(),
        by_agent: false,
        retry: RetryPolicy::default(),
        cached: false,
    }
}

fn frame(shapes: &[Shape]) -> Frame {
    let mut tree = TreeBuilder::default();
    let mut names = 0;
    for shape in shapes {
        write(&mut tree, shape, &mut names);
    }
    Frame::new(tree.finish(), None, &definition(), None).expect("every name is given once")
}

fn definition() -> WorkflowDefinition {
    WorkflowDefinition {
        key: "w".into(),
        readable_name: None,
        description: None,
        system: false,
        input_fields: None,
        outputs: vec![Arc::new(OutputTable {
            key: "r".into(),
            fields: Vec::new(),
            declared_at: String::new(),
        })],
        result_table: None,
        schedule: None,
        webhook: None,
        revision: ModuleRevision::default(),
    }
}

/// A failure is caught where something deals with it, under a code that the frame names; elsewhere it is not.
fn fitting(frame: &Frame, index: usize, view: TaskView) -> TaskView {
    let standing = match (view.standing, frame.guards.of(index)) {
        (Standing::Caught { .. }, None) => Standing::Broken,
        (Standing::Broken | Standing::Apart, Some(_)) => Standing::Caught { code: None },
        (Standing::Caught { code }, Some(_)) => Standing::Caught {
            code: code.and_then(|code| frame.guards.number_of(CODES[code])),
        },
        (standing, _) => standing,
    };
    TaskView { standing, ..view }
}

fn fresh(tree: &Tree) -> Vec<View> {
    let view = |kind: &Kind| match kind {
        Kind::Task(_) => View::Task(TaskView {
            standing: Standing::Fresh,
            weightless: false,
            left_out: false,
            worked: false,
        }),
        Kind::Loop(_) => View::Loop(LoopView {
            ended: false,
            begun: false,
        }),
        _ => View::Other,
    };
    tree.elements()
        .iter()
        .map(|element| view(&element.kind))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_board_comes_to_what_a_walk_comes_to(
        shapes in prop::collection::vec(shapes(), 1..3), changes in changes(),
    ) {
        let frame = frame(&shapes);
        let mut views = fresh(&frame.tree);
        let mut board = Board::new(&frame, views.clone());
        prop_assert_eq!(board.plan(&frame), walk(&frame, &views));
        for (index, task, repeated) in changes {
            let index = index.index(views.len());
            views[index] = match views[index] {
                View::Task(_) => View::Task(fitting(&frame, index, task)),
                View::Loop(_) => View::Loop(repeated),
                View::Handover => View::Handover,
                View::Other => View::Other,
            };
            board.set(&frame, index, views[index]);
            prop_assert_eq!(board.plan(&frame), walk(&frame, &views));
        }
        prop_assert_eq!(board, Board::new(&frame, views));
    }
}
