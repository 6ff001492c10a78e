//! Many rows for one statement, kept column by column.

/// One column of a set of rows.
#[derive(Debug)]
pub enum Column {
    /// Text.
    Text(Vec<Option<String>>),
    /// Numbers.
    Int(Vec<Option<i64>>),
    /// Bytes.
    Bytes(Vec<Option<Vec<u8>>>),
    /// Yes or no.
    Flag(Vec<bool>),
}

impl Column {
    /// PostgreSQL's name of the element type.
    pub(super) const fn pg_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Int(_) => "bigint",
            Self::Bytes(_) => "bytea",
            Self::Flag(_) => "boolean",
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }
}

/// Rows of equal shape. The order of columns is the order the statement names them in.
#[derive(Debug, Default)]
pub struct Rows {
    columns: Vec<Column>,
}

impl Rows {
    /// Adds a column of text.
    #[must_use]
    pub fn text<S: Into<String>>(mut self, values: impl Iterator<Item = Option<S>>) -> Self {
        let values = values.map(|value| value.map(Into::into)).collect();
        self.columns.push(Column::Text(values));
        self
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn int(mut self, values: impl Iterator<Item = Option<i64>>) -> Self {
        self.columns.push(Column::Int(values.collect()));
        self
    }

    /// Adds a column of bytes.
    #[must_use]
    pub fn bytes(mut self, values: impl Iterator<Item = Option<Vec<u8>>>) -> Self {
        self.columns.push(Column::Bytes(values.collect()));
        self
    }

    /// Adds a column of yes or no.
    #[must_use]
    pub fn flag(mut self, values: impl Iterator<Item = bool>) -> Self {
        self.columns.push(Column::Flag(values.collect()));
        self
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
