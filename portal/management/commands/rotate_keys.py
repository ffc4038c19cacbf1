from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

from portal import files
from portal.models import StoredFile
from portal.secrets import CannotDecrypt, EncryptedTextField, rotate

BATCH = 500


class Command(BaseCommand):
    help = "Encrypt everything anew with the first of FIELD_ENCRYPTION_KEYS. Then the old keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedTextField):
                    assert model._meta.pk.column
                    assert field.column
                    count = self._rotate(model._meta.db_table, model._meta.pk.column, field.column)
                    self.stdout.write(f"{model._meta.label}.{field.name}: {count}")
        self.stdout.write(f"{Authenticator._meta.label}.data: {self._rotate_second_factors()}")
        self.stdout.write(f"{StoredFile._meta.label} contents: {self._rotate_files()}")

    def _rotate_files(self) -> int:
        """Each file is replaced whole; those that have the newest key stay as they are."""
        count = 0
        for pk in StoredFile.objects.there().order_by("pk").values_list("pk", flat=True).iterator():
            try:
                count += files.rotate(pk)
            except CannotDecrypt as error:
                raise CommandError(
                    f"File {pk}: {error} Put the key that made it back, and start again."
                ) from None
        return count

    def _rotate_second_factors(self) -> int:
        """What makes one-time and recovery codes lies in a JSON object that is not ours."""
        with transaction.atomic():
            rows = Authenticator.objects.select_for_update()
            for row in rows:
                for name in {"secret", "seed"} & row.data.keys():
                    row.data[name] = _rotated(row.data[name], f"{row._meta.db_table} {row.pk}")
                row.save(update_fields=["data"])
            return len(rows)

    def _rotate(self, table: str, key: str, column: str) -> int:
        names = {"table": sql.Identifier(table), "key": sql.Identifier(key), "column": sql.Identifier(column)}
        select = sql.SQL(
            "SELECT {key}, {column} FROM {table} "
            "WHERE {column} <> '' AND (%s::text IS NULL OR {key}::text > %s) "
            "ORDER BY {key}::text LIMIT %s FOR UPDATE"
        ).format(**names)
        update = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(**names)
        count, last = 0, None
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(select, [last, last, BATCH])
                rows = cursor.fetchall()
                cursor.executemany(update, [(_rotated(token, f"{table} {pk}"), pk) for pk, token in rows])
            count += len(rows)
            if len(rows) < BATCH:
                return count
            last = str(rows[-1][0])


def _rotated(token: str, where: str) -> str:
    try:
        return rotate(token)
    except CannotDecrypt as error:
        raise CommandError(f"{where}: {error} Put the key that made it back, and start again.") from None
