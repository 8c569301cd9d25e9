namespace OnnxTransfer.Imaging;

/// <summary>How the size after resizing follows from the size before.</summary>
public enum ResizeRule
{
    /// <summary>Exactly the height and width asked for; the aspect ratio is not kept. torchvision's Resize((h, w)).</summary>
    Exact,

    /// <summary>The shorter side becomes the size asked for, the longer one follows. torchvision's Resize(size).</summary>
    ShorterSide,
}
