//! The tables of the example, and their entities as `sea-orm-cli generate entity` makes them.
#![allow(unreachable_pub, reason = "that is how it makes them")]

pub const TABLES: &str = "
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT);
    CREATE TABLE line (order_id INTEGER, item TEXT);
    CREATE TABLE stock (item TEXT, count INTEGER CHECK (count >= 0));
    INSERT INTO stock VALUES ('tea', 5), ('cake', 1), ('box', 2)";

pub mod orders {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub customer: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod line {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub item: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod stock {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "stock")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub item: String,
        pub count: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
