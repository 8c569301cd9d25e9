namespace OnnxTransfer.Imaging;

/// <summary>What pixels become that an augmentation leaves without an image, or cuts out.</summary>
/// <param name="Red">0 to 255.</param>
/// <param name="Green">0 to 255.</param>
/// <param name="Blue">0 to 255.</param>
public readonly record struct FillColour(byte Red, byte Green, byte Blue)
{
    /// <summary>Such as "#7f7f7f".</summary>
    public override string ToString() => $"#{Red:x2}{Green:x2}{Blue:x2}";

    /// <summary>Fills whole pixels.</summary>
    internal void Put(Span<byte> pixels)
    {
        if (Red == Green && Green == Blue)
        {
            pixels.Fill(Red);
            return;
        }

        for (int i = 0; i < pixels.Length; i += 3)
        {
            pixels[i] = Red;
            pixels[i + 1] = Green;
            pixels[i + 2] = Blue;
        }
    }
}
