namespace OnnxTransfer.Imaging;

/// <summary>A text that is no augmentation. The message says what was found and what was expected.</summary>
public sealed class AugmentationException(string message) : OnnxTransferException(message);
