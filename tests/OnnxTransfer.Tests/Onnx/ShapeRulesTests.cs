using System.Text.Json;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Each rule against onnx.shape_inference (golden/make_shapes.py) and against what the runtime really gives.</summary>
public class ShapeRulesTests
{
    private static readonly Lazy<Dictionary<string, JsonElement>> Golden = new(() => JsonDocument.Parse(File.ReadAllText(Onnx.Golden.PathOf("shapes.json")))
        .RootElement.EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!));

    public static TheoryData<string> Cases() => [.. Golden.Value.Keys];

    /// <summary>The golden models' bytes.</summary>
    internal static IEnumerable<byte[]> Models() => Golden.Value.Values.Select(c => c.GetProperty("model").GetBytesFromBase64());

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equal_onnx_and_the_runtime(string name)
    {
        var golden = Golden.Value[name];
        var model = OnnxModel.Parse(golden.GetProperty("model").GetBytesFromBase64(), name);

        var shapes = TensorShapes.Infer(model);

        Assert.Empty(shapes.Unknown);
        foreach (var tensor in golden.GetProperty("tensors").EnumerateObject())
        {
            var expected = new TensorType((ElementType)tensor.Value.GetProperty("type").GetInt32(), [.. tensor.Value.Ints("dims").Select(d => (long)d)]);
            Assert.Equal(expected, shapes[tensor.Name]);
        }

        RuntimeShapes.Equal(model, shapes);
    }
}
