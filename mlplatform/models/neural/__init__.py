"""Neural networks: trained by Keras on TensorFlow, predicted by plain NumPy without either."""

from mlplatform.models.neural.network import KerasNet

__all__ = ["KerasNet"]
