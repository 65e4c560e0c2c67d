"""Grants, for staff."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from engineroom.budgets import budget
from engineroom.pagination import KeyPagination
from engineroom.restviews import ApiView
from learning.actions import end_grant, give_grant
from learning.api import serializers
from learning.api.permissions import MayGiveGrants
from learning.models import Grant
from learning.queries import access

TAGS = ["staff"]


@budget(100)
class GrantList(ApiView):
    permission_classes = [MayGiveGrants]
    serializer_class = serializers.GrantSerializer
    pagination_class = KeyPagination

    def get_queryset(self):
        return access.all_grants()

    @extend_schema(
        operation_id="grants_list",
        summary="All grants (staff)",
        tags=TAGS,
        responses=serializers.GrantSerializer(many=True),
    )
    def get(self, request):
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(
        operation_id="grants_give",
        summary="Give a grant (staff)",
        tags=TAGS,
        request=serializers.GiveGrantSerializer,
        responses={201: serializers.GrantSerializer},
    )
    def post(self, request):
        form = serializers.GiveGrantSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        grant = give_grant(
            person=access.person_named(values["person"]),
            scope=values["scope"],
            scope_key=access.scope_key_for(values["scope"], values["scope_key"]),
            source=Grant.Source.STAFF,
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            actor=request.user,
        )
        return Response(self.get_serializer(grant).data, status=status.HTTP_201_CREATED)


@budget(100)
class GrantDetail(ApiView):
    permission_classes = [MayGiveGrants]
    serializer_class = serializers.GrantSerializer

    @extend_schema(
        operation_id="grants_end",
        summary="End a grant now (staff)",
        description="What other sources gave the person stays.",
        tags=TAGS,
        responses={204: None},
    )
    def delete(self, request, grant_id):
        grant = access.all_grants().filter(public_id=grant_id).first()
        if grant is None:
            raise Http404
        end_grant(
            source=grant.source,
            source_key=grant.source_key,
            public_id=grant.public_id,
            actor=request.user,
            reason="staff",
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
