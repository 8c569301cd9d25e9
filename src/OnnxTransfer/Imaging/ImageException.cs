namespace OnnxTransfer.Imaging;

/// <summary>An image that cannot be used. The message names the file, what was found, what was expected and the cure.</summary>
/// <param name="file">The file, or the name of the image within it.</param>
/// <param name="fault">What is wrong, in one word.</param>
/// <param name="message">What was found, expected and can be done; the file's name is put before it.</param>
/// <param name="inner">The error below, if there is one.</param>
public sealed class ImageException(string file, ImageFault fault, string message, Exception? inner = null)
    : Exception($"{file}: {message}", inner)
{
    /// <summary>The file, or the name of the image within it.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong, in one word.</summary>
    public ImageFault Fault { get; } = fault;
}
