{#- The keys by which two rows are known to be of one person: an e-mail address and a telephone number,
    normalised; null where the value identifies nobody. -#}

{#- CTE `<keyed>`: the rows, which have email, phone and country, with email_key and phone_key.
    Only small tables are joined, by equality: no pattern is tried by country. -#}
{% macro contact_keys(rows, keyed) -%}
    phone_formats as (
        select
            country,
            calling_code,
            trunk_prefix,
            international_prefix,
            ' ' || lengths || ' ' as lengths,
            is_main_country
        from {{ ref('phone_formats') }}
    ),

    calling_codes as (
        select
            calling_code,
            trunk_prefix,
            lengths
        from phone_formats
        where is_main_country
    ),

    shortest_contacts as (
        select
            max(case when contact_type = 'email' then min_length end) as email_length,
            max(case when contact_type = 'phone' then min_length end) as phone_length
        from {{ ref('identity_policies') }}
    ),

    placeholders as (
        select
            contact_type,
            case when contact_type = 'phone' then {{ digits_only('value') }} else lower(trim(value)) end
                as value
        from {{ ref('placeholder_values') }}
        group by
            contact_type,
            case when contact_type = 'phone' then {{ digits_only('value') }} else lower(trim(value)) end
    ),

    written_contacts as (
        select
            {{ rows }}.*,
            lower({{ folded_text(rows ~ '.email') }}) as written_email,
            {{ folded_text(rows ~ '.phone') }} as written_phone,
            phone_formats.calling_code as home_calling_code,
            phone_formats.trunk_prefix as home_trunk_prefix,
            phone_formats.international_prefix as home_international_prefix,
            phone_formats.lengths as home_lengths
        from {{ rows }}
        left join phone_formats on upper(trim({{ rows }}.country)) = phone_formats.country
    ),

    valid_contacts as (
        select
            written_contacts.*,
            case when {{ matches('written_email', email_pattern()) }} then written_email end as address,
            case
                when not {{ matches('written_phone', '^[ (]*[+]?[-0-9 ()./]+$') }} then null
                -- as a program writes it that took it for a number
                when {{ matches('written_phone', '^[+]?[0-9]+[.]0$') }}
                    then {{ digits_only('substring(written_phone, 1, length(written_phone) - 2)') }}
                else nullif({{ digits_only('written_phone') }}, '')
            end as digits,
            {{ matches('written_phone', '^[ (]*[+]') }} as has_plus
        from written_contacts
        {{ computed_once() }}
    ),

    dialled_contacts as (
        select
            valid_contacts.*,
            case
                when has_plus then digits
                when
                    substring(digits, 1, length(home_international_prefix)) = home_international_prefix
                    then substring(digits, length(home_international_prefix) + 1)
                when substring(digits, 1, 2) = '00' then substring(digits, 3)
            end as international_digits
        from valid_contacts
        {{ computed_once() }}
    ),

    -- No calling code begins with another.
    placed_contacts as (
        select
            dialled_contacts.*,
            case
                when international_digits is null then home_calling_code
                else coalesce(
                    one_digit.calling_code, two_digits.calling_code, three_digits.calling_code
                )
            end as calling_code,
            case
                when international_digits is null then home_trunk_prefix
                else coalesce(
                    one_digit.trunk_prefix, two_digits.trunk_prefix, three_digits.trunk_prefix
                )
            end as trunk_prefix,
            case
                when international_digits is null then home_lengths
                else coalesce(one_digit.lengths, two_digits.lengths, three_digits.lengths)
            end as lengths,
            case
                when international_digits is null then digits
                when one_digit.calling_code is not null then substring(international_digits, 2)
                when two_digits.calling_code is not null then substring(international_digits, 3)
                when three_digits.calling_code is not null then substring(international_digits, 4)
            end as subscriber_digits
        from dialled_contacts
        left join calling_codes as one_digit
            on substring(international_digits, 1, 1) = one_digit.calling_code
        left join calling_codes as two_digits
            on substring(international_digits, 1, 2) = two_digits.calling_code
        left join calling_codes as three_digits
            on substring(international_digits, 1, 3) = three_digits.calling_code
    ),

    -- Dialled at home, or with the calling code but without its plus.
    national_contacts as (
        select
            placed_contacts.*,
            case
                when {{ is_dialled_after('trunk_prefix') }}
                    then substring(subscriber_digits, length(trunk_prefix) + 1)
                when {{ is_national_number('subscriber_digits') }} then subscriber_digits
                when international_digits is not null then null
                when {{ is_dialled_after('calling_code || trunk_prefix') }}
                    then substring(subscriber_digits, length(calling_code || trunk_prefix) + 1)
                when {{ is_dialled_after('calling_code') }}
                    then substring(subscriber_digits, length(calling_code) + 1)
            end as national_number
        from placed_contacts
        {{ computed_once() }}
    ),

    screened_contacts as (
        select
            national_contacts.*,
            case
                when
                    length(national_contacts.address) >= shortest_contacts.email_length
                    and nobodys_addresses.value is null
                    and nobodys_local_parts.value is null
                    -- no seed can have the word: some engines read it as a blank
                    and {{ email_local_part('national_contacts.address') }} <> 'null'
                    and nobodys_domains.value is null
                    then national_contacts.address
            end as email_key,
            case
                when
                    {{ is_filler('national_contacts.digits') }}
                    or {{ is_filler('national_contacts.national_number') }}
                    or nobodys_digits.value is not null
                    or nobodys_numbers.value is not null
                    or nobodys_international_numbers.value is not null
                    then null
                when
                    length(national_contacts.calling_code || national_contacts.national_number)
                    >= shortest_contacts.phone_length
                    then '+' || national_contacts.calling_code || national_contacts.national_number
                -- Nobody knows the country: the same digits of others of whom nobody knows it.
                when
                    national_contacts.home_calling_code is null
                    and national_contacts.international_digits is null
                    and length(national_contacts.digits) >= shortest_contacts.phone_length
                    and length(national_contacts.digits) <= 15
                    then national_contacts.digits
            end as phone_key
        from national_contacts
        cross join shortest_contacts
        left join placeholders as nobodys_addresses
            on
                nobodys_addresses.contact_type = 'email'
                and national_contacts.address = nobodys_addresses.value
        left join placeholders as nobodys_local_parts
            on
                nobodys_local_parts.contact_type = 'email_local_part'
                and {{ email_local_part('national_contacts.address') }} = nobodys_local_parts.value
        left join placeholders as nobodys_domains
            on
                nobodys_domains.contact_type = 'email_domain'
                and {{ dbt.split_part('national_contacts.address', "'@'", 2) }} = nobodys_domains.value
        left join placeholders as nobodys_digits
            on
                nobodys_digits.contact_type = 'phone'
                and national_contacts.digits = nobodys_digits.value
        left join placeholders as nobodys_numbers
            on
                nobodys_numbers.contact_type = 'phone'
                and national_contacts.national_number = nobodys_numbers.value
        left join placeholders as nobodys_international_numbers
            on
                nobodys_international_numbers.contact_type = 'phone'
                and national_contacts.calling_code || national_contacts.national_number
                = nobodys_international_numbers.value
    ),

    {{ keyed }} as (
        select screened_contacts.*
        from screened_contacts
        {{ computed_once() }}
    )
{%- endmacro %}
