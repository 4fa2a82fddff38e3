"""Makers of sample extracts with the real headers, of councils and of orders. All schools and postcodes are made up."""

import csv
import io
from datetime import date

from portal.directory.gias import SchoolRecord, SchoolStatus
from portal.directory.rules import (
    Assignment,
    Authority,
    AuthorityKind,
    CodeScheme,
    DatedCode,
    DatedName,
    Move,
    Succession,
    SuccessionStatus,
)

_REGISTER_COLUMNS = (
    "URN|LA (code)|LA (name)|EstablishmentNumber|EstablishmentName|TypeOfEstablishment (code)|"
    "TypeOfEstablishment (name)|EstablishmentTypeGroup (code)|EstablishmentTypeGroup (name)|"
    "EstablishmentStatus (code)|EstablishmentStatus (name)|ReasonEstablishmentOpened (code)|"
    "ReasonEstablishmentOpened (name)|OpenDate|ReasonEstablishmentClosed (code)|ReasonEstablishmentClosed (name)|"
    "CloseDate|PhaseOfEducation (code)|PhaseOfEducation (name)|StatutoryLowAge|StatutoryHighAge|Boarders (code)|"
    "Boarders (name)|NurseryProvision (name)|OfficialSixthForm (code)|OfficialSixthForm (name)|Gender (code)|"
    "Gender (name)|ReligiousCharacter (code)|ReligiousCharacter (name)|ReligiousEthos (name)|Diocese (code)|"
    "Diocese (name)|AdmissionsPolicy (code)|AdmissionsPolicy (name)|SchoolCapacity|SpecialClasses (code)|"
    "SpecialClasses (name)|CensusDate|NumberOfPupils|NumberOfBoys|NumberOfGirls|PercentageFSM|"
    "TrustSchoolFlag (code)|TrustSchoolFlag (name)|Trusts (code)|Trusts (name)|SchoolSponsorFlag (name)|"
    "SchoolSponsors (name)|FederationFlag (name)|Federations (code)|Federations (name)|UKPRN|FEHEIdentifier|"
    "FurtherEducationType (name)|OfstedLastInsp|OfstedSpecialMeasures (code)|OfstedSpecialMeasures (name)|"
    "LastChangedDate|Street|Locality|Address3|Town|County (name)|Postcode|SchoolWebsite|TelephoneNum|"
    "HeadTitle (name)|HeadFirstName|HeadLastName|HeadPreferredJobTitle|BSOInspectorateName (name)|"
    "InspectorateReport|DateOfLastInspectionVisit|NextInspectionVisit|TeenMoth (name)|TeenMothPlaces|CCF (name)|"
    "SENPRU (name)|EBD (name)|PlacesPRU|FTProv (name)|EdByOther (name)|Section41Approved (name)|SEN1 (name)|"
    "SEN2 (name)|SEN3 (name)|SEN4 (name)|SEN5 (name)|SEN6 (name)|SEN7 (name)|SEN8 (name)|SEN9 (name)|SEN10 (name)|"
    "SEN11 (name)|SEN12 (name)|SEN13 (name)|TypeOfResourcedProvision (name)|ResourcedProvisionOnRoll|"
    "ResourcedProvisionCapacity|SenUnitOnRoll|SenUnitCapacity|GOR (code)|GOR (name)|DistrictAdministrative (code)|"
    "DistrictAdministrative (name)|AdministrativeWard (code)|AdministrativeWard (name)|"
    "ParliamentaryConstituency (code)|ParliamentaryConstituency (name)|UrbanRural (code)|UrbanRural (name)|"
    "GSSLACode (name)|Easting|Northing|MSOA (name)|LSOA (name)|InspectorateName (name)|SENStat|SENNoStat|"
    "BoardingEstablishment (name)|PropsName|PreviousLA (code)|PreviousLA (name)|PreviousEstablishmentNumber|"
    "OfstedRating (name)|RSCRegion (name)|Country (name)|UPRN|SiteName|QABName (code)|QABName (name)|"
    "EstablishmentAccredited (code)|EstablishmentAccredited (name)|QABReport|CHNumber|MSOA (code)|LSOA (code)|FSM|"
    "AccreditationExpiryDate"
)
REGISTER_HEADER = tuple(_REGISTER_COLUMNS.split("|"))

LINKS_HEADER = ["URN", "LinkURN", "LinkName", "LinkType", "LinkEstablishedDate"]

_POSTCODE_COLUMNS = (
    "pcd7,pcd8,pcds,dointr,doterm,usrtypind,east1m,north1m,gridind,oa21cd,cty26cd,ced25cd,lad26cd,wd26cd,nhser24cd,"
    "ctry26cd,rgn26cd,pcon24cd,ttwa15cd,itl25cd,npark16cd,lsoa21cd,msoa21cd,wz11cd,sicbl26cd,bua24cd,ruc21ind,oac21ind,"
    "lat,long,lep21cd1,lep21cd2,pfa23cd,imd25ind,icb26cd"
)
POSTCODE_HEADER = tuple(_POSTCODE_COLUMNS.split(","))

_OLDER_POSTCODE_COLUMNS = "pcd,pcd2,pcds,dointr,doterm,oscty,ced,oslaua,osward,parish,usertype,ctry,rgn"
OLDER_POSTCODE_HEADER = tuple(_OLDER_POSTCODE_COLUMNS.split(","))

_SCHOOL = {
    "LA (code)": "881",
    "LA (name)": "Essex",
    "EstablishmentNumber": "2001",
    "TypeOfEstablishment (code)": "01",
    "TypeOfEstablishment (name)": "Community school",
    "EstablishmentTypeGroup (code)": "4",
    "EstablishmentTypeGroup (name)": "Local authority maintained schools",
    "EstablishmentStatus (code)": "1",
    "EstablishmentStatus (name)": "Open",
    "PhaseOfEducation (code)": "2",
    "PhaseOfEducation (name)": "Primary",
    "DistrictAdministrative (code)": "E07000070",
    "Town": "Mapleford",
    "Postcode": "CM1 1AA",
}


def register_row(urn, name, **cells):
    """One row of the register; `cells` are given by column name: `**{"LA (code)": "882"}`."""
    return {"URN": str(urn), "EstablishmentName": name, **_SCHOOL, **cells}


def register_file(rows, *, encoding="cp1252", header=REGISTER_HEADER, line_end="\r\n"):
    return io.BytesIO(_csv(rows, header, line_end).encode(encoding))


def links_file(*links):
    rows = [{"URN": urn, "LinkURN": other, "LinkName": "", "LinkType": kind} for urn, other, kind in links]
    return io.BytesIO(_csv(rows, LINKS_HEADER, "\r\n").encode("cp1252"))


def postcode_row(pcds, lad, *, cty="E99999999", ctry="E92000001", doterm=""):
    outward, inward = pcds.split()
    return {
        "pcd7": f"{outward:4}{inward}",
        "pcd8": f"{outward:4} {inward}",
        "pcds": pcds,
        "dointr": "199607",
        "doterm": doterm,
        "cty26cd": cty,
        "lad26cd": lad,
        "ctry26cd": ctry,
        "oscty": cty,
        "oslaua": lad,
        "ctry": ctry,
    }


def postcode_file(rows, *, header=POSTCODE_HEADER):
    return io.BytesIO(_csv(rows, header, "\r\n").encode("ascii"))


def school(urn, name="Oak Primary School", **fields):
    defaults = {
        "la_code": "881",
        "establishment_number": "2001",
        "type_name": "Community school",
        "type_group": "Local authority maintained schools",
        "status": SchoolStatus.OPEN,
        "postcode": "CM1 1AA",
    }
    return SchoolRecord(urn=str(urn), name=name, **{**defaults, **fields})


def academy(urn, name="Oak Primary Academy", **fields):
    academy_type = {"type_name": "Academy converter", "type_group": "Academies"}
    return school(urn, name, **{**academy_type, **fields})


def council(key, gss=None, dfe=None, *, kind=AuthorityKind.UNITARY, districts=(), begins=None, ends=None, name=None):
    codes = [DatedCode(CodeScheme.GSS, gss, begins, ends)] if gss else []
    codes += [DatedCode(CodeScheme.DFE, dfe, begins, ends)] if dfe else []
    long_name = name or f"{key.replace('-', ' ').title()} Council"
    names = (DatedName(long_name, long_name.removesuffix(" Council"), begins, ends),)
    return Authority(key, kind, "EE", names, tuple(codes), frozenset(districts), begins, ends)


def order(on, *moves, status=SuccessionStatus.MADE, title="An order"):
    """Moves are (origin, target) or (origin, target, districts)."""
    return Succession(on, title, status, tuple(Move(one[0], one[1], frozenset(*one[2:])) for one in moves))


def assigned(authority, school_key="oak", begins=None, ends=None):
    return Assignment(school_key, authority, begins, ends)


ESSEX_DISTRICTS = tuple(f"E070000{number}" for number in range(66, 78))
NORTH = frozenset(ESSEX_DISTRICTS[:5])
MIDDLE = frozenset(ESSEX_DISTRICTS[5:9])
SOUTH = frozenset(ESSEX_DISTRICTS[9:])
REORGANISATION = date(2028, 4, 1)


def greater_essex(*, ends=REORGANISATION):
    """The three councils of today and the three invented ones that might follow."""
    return (
        council("essex", "E10000012", "881", kind=AuthorityKind.COUNTY, districts=ESSEX_DISTRICTS, ends=ends),
        council("southend-on-sea", "E06000033", "882", ends=ends),
        council("thurrock", "E06000034", "883", ends=ends),
        council("north-essex", "E06000901", "951", begins=REORGANISATION),
        council("mid-essex", "E06000902", "952", begins=REORGANISATION),
        council("south-essex", "E06000903", "953", begins=REORGANISATION),
    )


def greater_essex_order(status=SuccessionStatus.MADE):
    return order(
        REORGANISATION,
        ("essex", "north-essex", NORTH),
        ("essex", "mid-essex", MIDDLE),
        ("essex", "south-essex", SOUTH),
        ("southend-on-sea", "south-essex"),
        ("thurrock", "south-essex"),
        status=status,
        title="Greater Essex",
    )


def _csv(rows, header, line_end):
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
