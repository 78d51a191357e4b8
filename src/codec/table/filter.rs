//! Which rows are wanted.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::parse;
use super::plan::{ColumnName, Nulls};

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    /// The opposite of `Equal`, for a field that cannot be compared as well.
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Equal to one of several.
    In,
    StartsWith,
}

impl Operator {
    /// In the order of their numbers in `js/codecs/plan`.
    pub(super) const ALL: [Self; 8] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::In,
        Self::StartsWith,
    ];
}

/// What a field is compared with, and as what.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// Whether it is null.
    Null,
    /// By its bytes, which is by its code points.
    Text(Vec<Vec<u8>>),
    Float(Vec<f64>),
    Integer(Vec<i64>),
    /// In microseconds since 1970.
    Timestamp(Vec<i64>),
}

/// What must be true of a field of a row.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(super) column: ColumnName,
    operator: Operator,
    values: Values,
    /// The keys of all values, for `In`. A tree, and of the type that the dictionaries have: that of sorted lists is as much code again for each type.
    keys: BTreeMap<Box<[u8]>, i32>,
}

/// Equal for numbers that are equal.
fn key_of_float(number: f64) -> [u8; 8] {
    // -0 becomes 0.
    (number + 0.0).to_le_bytes()
}

impl Condition {
    /// None if there are values that the operator cannot have.
    pub(crate) fn new(column: ColumnName, operator: Operator, values: Values) -> Option<Self> {
        let mut keys = BTreeMap::new();
        let mut add = |key: &[u8]| {
            if operator == Operator::In {
                keys.insert(key.into(), 0);
            }
        };
        let count = match &values {
            Values::Null => {
                let is_usable = matches!(operator, Operator::Equal | Operator::NotEqual);
                usize::from(is_usable)
            }
            Values::Text(texts) => {
                texts.iter().for_each(|text| add(text));
                texts.len()
            }
            Values::Float(numbers) => {
                // Nothing is equal to NaN.
                let comparable = numbers.iter().filter(|number| !number.is_nan());
                comparable.for_each(|&number| add(&key_of_float(number)));
                numbers.len()
            }
            Values::Integer(numbers) | Values::Timestamp(numbers) => {
                numbers.iter().for_each(|number| add(&number.to_le_bytes()));
                numbers.len()
            }
        };
        let is_usable = match operator {
            Operator::In => !matches!(values, Values::Null),
            Operator::StartsWith => matches!(values, Values::Text(_)) && count == 1,
            _ => count == 1,
        };
        is_usable.then_some(Self {
            column,
            operator,
            values,
            keys,
        })
    }

    /// Whether it is true of this field.
    pub(super) fn matches(&self, field: &[u8], nulls: &Nulls) -> bool {
        let integer = |field: Option<i64>, numbers: &[i64]| match (self.operator, field) {
            (Operator::In, field) => field.is_some_and(|field| self.has_key(&field.to_le_bytes())),
            (_, field) => self.decide(field.zip(numbers.first().copied()).map(|(a, b)| a.cmp(&b))),
        };
        match &self.values {
            Values::Null => nulls.has(field) == (self.operator == Operator::Equal),
            Values::Text(texts) => match self.operator {
                Operator::In => self.has_key(field),
                Operator::StartsWith => texts.iter().any(|text| field.starts_with(text)),
                _ => self.decide(texts.first().map(|text| field.cmp(text))),
            },
            Values::Float(numbers) => match (self.operator, parse::float(field)) {
                (Operator::In, field) => {
                    field.is_some_and(|field| self.has_key(&key_of_float(field)))
                }
                (_, field) => {
                    let pair = field.zip(numbers.first().copied());
                    self.decide(pair.and_then(|(a, b)| a.partial_cmp(&b)))
                }
            },
            Values::Integer(numbers) => integer(parse::integer(field), numbers),
            Values::Timestamp(times) => integer(parse::timestamp(field), times),
        }
    }

    fn has_key(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    /// What follows from the order of a field and the value, if they have one.
    fn decide(&self, order: Option<Ordering>) -> bool {
        match self.operator {
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            _ => order == Some(Ordering::Equal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: Operator, values: Values, field: &str) -> bool {
        let column = ColumnName {
            index: Some(0),
            name: String::new(),
        };
        let nulls = Nulls::new([Vec::new(), b"NA".to_vec()]);
        let condition = Condition::new(column, operator, values).expect("it is a condition");
        condition.matches(field.as_bytes(), &nulls)
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        for (operator, field, expected) in [
            (Operator::Equal, "10.0", true),
            (Operator::Equal, "10", true),
            (Operator::NotEqual, "1e1", false),
            (Operator::Less, "9", true),
            (Operator::Less, "10", false),
            (Operator::LessOrEqual, "10", true),
            (Operator::Greater, "9", false),
            (Operator::Greater, "100", true),
            (Operator::GreaterOrEqual, "10", true),
        ] {
            assert_eq!(
                holds(operator, Values::Float(vec![10.0]), field),
                expected,
                "{operator:?} {field}"
            );
        }
        assert!(holds(
            Operator::Greater,
            Values::Integer(vec![i64::MAX - 1]),
            "9223372036854775807"
        ));
    }

    #[test]
    fn a_field_that_cannot_be_compared_is_only_not_equal() {
        for operator in Operator::ALL
            .into_iter()
            .filter(|&it| it != Operator::StartsWith)
        {
            let expected = operator == Operator::NotEqual;
            for field in ["", "ten", "NaN"] {
                assert_eq!(
                    holds(operator, Values::Float(vec![10.0]), field),
                    expected,
                    "{operator:?} {field}"
                );
            }
            assert_eq!(
                holds(operator, Values::Integer(vec![10]), "10.5"),
                expected,
                "{operator:?}"
            );
            assert_eq!(
                holds(operator, Values::Timestamp(vec![10]), "soon"),
                expected,
                "{operator:?}"
            );
        }
    }

    #[test]
    fn texts_are_compared_by_their_bytes() {
        let text = |text: &str| Values::Text(vec![text.into()]);
        assert!(holds(Operator::Equal, text("Ulm"), "Ulm"));
        assert!(holds(Operator::Less, text("b"), "a"));
        assert!(holds(Operator::Less, text("b"), "B"));
        assert!(holds(Operator::GreaterOrEqual, text("10"), "9"));
        assert!(holds(Operator::StartsWith, text("Lon"), "London"));
        assert!(!holds(Operator::StartsWith, text("London"), "Lon"));
    }

    #[test]
    fn one_of_several_is_enough() {
        let cities = || Values::Text(["Ulm", "Bonn", "Köln"].map(|city| city.into()).into());
        assert!(holds(Operator::In, cities(), "Bonn"));
        assert!(!holds(Operator::In, cities(), "Bon"));
        let numbers = || Values::Float(vec![3.0, f64::NAN, -0.0, 1.5]);
        assert!(holds(Operator::In, numbers(), "0"));
        assert!(holds(Operator::In, numbers(), "1.50"));
        assert!(!holds(Operator::In, numbers(), "NaN"));
        assert!(!holds(Operator::In, Values::Text(Vec::new()), ""));
    }

    #[test]
    fn a_field_can_be_null() {
        for (field, expected) in [("", true), ("NA", true), ("0", false)] {
            assert_eq!(holds(Operator::Equal, Values::Null, field), expected);
            assert_eq!(holds(Operator::NotEqual, Values::Null, field), !expected);
        }
    }

    #[test]
    fn a_time_is_compared_whatever_its_offset() {
        let time = || {
            Values::Timestamp(vec![
                parse::timestamp(b"2026-01-01T12:00Z").expect("a time"),
            ])
        };
        assert!(holds(Operator::Equal, time(), "2026-01-01 13:00+01:00"));
        assert!(holds(Operator::Less, time(), "2026-01-01"));
    }

    #[test]
    fn there_is_no_condition_without_a_value_to_compare_with() {
        let column = ColumnName {
            index: Some(0),
            name: String::new(),
        };
        for (operator, values) in [
            (Operator::Equal, Values::Text(Vec::new())),
            (Operator::Less, Values::Null),
            (Operator::StartsWith, Values::Float(vec![1.0])),
            (Operator::Less, Values::Float(vec![1.0, 2.0])),
        ] {
            assert!(Condition::new(column.clone(), operator, values).is_none());
        }
    }
}
