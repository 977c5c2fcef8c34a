"""Trains the model that MLServer serves: within a state, or across states."""
import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

TEXTS = ["within the state", "inside one state", "across states", "between states"]
TAXES = ["CGST_SGST", "CGST_SGST", "IGST", "IGST"]

joblib.dump(make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(TEXTS, TAXES),
            "model.joblib")
