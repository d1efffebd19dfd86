//! Where in its tree a frame has come to: what containers without an id are called after.

/// How many elements of the record each open level has, from the roots down.
#[derive(Debug)]
pub(in crate::runtime) struct Path(Vec<u32>);

impl Default for Path {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Path {
    /// An element stands here.
    pub(super) fn step(&mut self) {
        self.steps(1);
    }

    /// This many elements stand here.
    pub(super) fn steps(&mut self, elements: u32) {
        if let Some(last) = self.0.last_mut() {
            *last += elements;
        }
    }

    /// How many elements the innermost level has.
    pub(super) fn count(&self) -> u32 {
        self.0.last().copied().unwrap_or(0)
    }

    /// What follows is inside the last element.
    pub(super) fn enter(&mut self) {
        self.0.push(0);
    }

    /// What follows is behind the element around it.
    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    /// Where the next element goes: its index on each level below the root, and the root's when it is not the first.
    pub(in crate::runtime) fn text(&self) -> String {
        let open = self.0.len() - 1;
        let at = |(level, count): (usize, &u32)| count - u32::from(level < open);
        let mut indexes = self.0.iter().enumerate().map(at);
        let root = indexes.next().filter(|root| *root > 0);
        let root = root.map(|root| format!("root{root}"));
        let path: Vec<String> = root
            .into_iter()
            .chain(indexes.map(|at| at.to_string()))
            .collect();
        match path.is_empty() {
            true => "root".to_owned(),
            false => path.join("."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_place_of_the_next_element_below_the_root() {
        let mut path = Path::default();
        assert_eq!(path.text(), "root");
        path.step();
        assert_eq!(path.text(), "root1");
        path.enter();
        assert_eq!(path.text(), "0");
        path.step();
        path.step();
        path.enter();
        assert_eq!(path.text(), "1.0");
        path.leave();
        assert_eq!(path.text(), "2");
    }
}
