using System.CommandLine;
using OnnxTransfer.Datasets;
using OnnxTransfer.Tests;

namespace OnnxTransfer.Cli.Tests;

public sealed class DataOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new TempFolder().With("a.jpg", "b.jpg");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Labels_names_the_column_of_several_class_names()
    {
        var dataset = Open("path,label,tags\na.jpg,x,red|round\nb.jpg,y,\n", "--labels", "tags");

        Assert.True(dataset.IsMultiLabel);
        Assert.Equal(["red", "round"], dataset.Classes);
        Assert.Equal([[0, 1], []], dataset.Items.Select(item => item.LabelSet));
    }

    [Fact]
    public void Target_names_one_column_or_several()
    {
        const string Text = "path,price,area\na.jpg,1,10\nb.jpg,2,20\n";

        Assert.Equal([[10, 1], [20, 2]], Open(Text, "--target", "area, price").Items.Select(item => item.Targets));
        Assert.Equal([1, 2], Open(Text, "--target", "price").Items.Select(item => item.Target));
        Assert.Contains("no column ''; found path, price, area", Assert.Throws<DatasetException>(() => Open(Text, "--target", "price,")).Message, StringComparison.Ordinal);
    }

    private Dataset Open(string text, params string[] arguments)
    {
        var path = _folder["m.csv"];
        File.WriteAllText(path, text);
        var options = new DataOptions();
        var command = new Command("test");
        options.AddTo(command);
        return options.Open(command.Parse([path, .. arguments]));
    }
}
