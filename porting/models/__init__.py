from porting.models.feature import AccountFeature
from porting.models.hosting import AuthorizationDocument, HostedOrder
from porting.models.port_in import PortInNumber, PortInRequest

__all__ = ["AccountFeature", "AuthorizationDocument", "HostedOrder", "PortInNumber", "PortInRequest"]
