namespace OnnxTransfer.Imaging;

/// <summary>
/// Decoding that cannot go on, whatever the image: a library that was asked for is missing, or a GPU failed. What is wrong
/// with one image is an <see cref="ImageException"/>.
/// </summary>
/// <param name="message">What was asked for, what was found, and the cure.</param>
/// <param name="inner">The error below, if there is one.</param>
public sealed class DecoderException(string message, Exception? inner = null) : OnnxTransferException(message, inner);
